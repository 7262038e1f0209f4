// Two stores have the same balance of 100, lose the line, spend 80 and 90, and meet again.
// Each prints what was handed out and what the balance is when both have heard everything.
import { mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import initWasm from '@vlcn.io/crsqlite-wasm';
import PouchDB from 'pouchdb';

const BALANCE = 100;
const WISHES = [80, 90];

async function pouch() {
  const folder = mkdtempSync(join(tmpdir(), 'spend-'));
  const [centre, ...stores] = ['centre', 'a', 'b'].map((name) => new PouchDB(`${folder}/${name}`));
  await centre.put({ _id: 'member', balance: BALANCE });
  for (const store of stores) await PouchDB.replicate(centre, store);
  let spent = 0;
  for (const [no, store] of stores.entries()) {
    const doc = await store.get('member');
    if (doc.balance < WISHES[no]) continue;
    await store.put({ ...doc, balance: doc.balance - WISHES[no] });
    spent += WISHES[no];
  }
  for (const store of [...stores, ...stores]) await PouchDB.sync(centre, store);
  const left = await Promise.all(stores.map(async (store) => (await store.get('member')).balance));
  return { spent, left };
}

async function crsqlite() {
  const require = createRequire(import.meta.url);
  const wasm = readFileSync(require.resolve('@vlcn.io/crsqlite-wasm/crsqlite.wasm'));
  globalThis.fetch = async () =>
    new Response(wasm, { headers: { 'content-type': 'application/wasm' } });
  const sqlite = await initWasm(() => 'memory:crsqlite.wasm');
  const stores = await Promise.all(WISHES.map(() => sqlite.open(':memory:')));
  for (const store of stores) {
    await store.exec('CREATE TABLE member (id INTEGER PRIMARY KEY NOT NULL, balance INTEGER)');
    await store.exec("SELECT crsql_as_crr('member')");
  }
  await stores[0].exec('INSERT INTO member VALUES (1, ?)', [BALANCE]);
  await exchange(stores[0], stores[1]);
  let spent = 0;
  for (const [no, store] of stores.entries()) {
    const [[balance]] = await store.execA('SELECT balance FROM member WHERE id = 1');
    if (balance < WISHES[no]) continue;
    await store.exec('UPDATE member SET balance = balance - ? WHERE id = 1', [WISHES[no]]);
    spent += WISHES[no];
  }
  await exchange(stores[0], stores[1]);
  await exchange(stores[1], stores[0]);
  const left = [];
  for (const store of stores) {
    const [[balance]] = await store.execA('SELECT balance FROM member WHERE id = 1');
    left.push(balance);
  }
  return { spent, left };
}

async function exchange(from, to) {
  const columns = '"table", pk, cid, val, col_version, db_version, site_id, cl, seq';
  const changes = await from.execA(`SELECT ${columns} FROM crsql_changes`);
  for (const change of changes) {
    const marks = change.map(() => '?').join(', ');
    await to.exec(`INSERT INTO crsql_changes (${columns}) VALUES (${marks})`, change);
  }
}

const job = { pouch, crsqlite }[process.argv[2]];
console.log(JSON.stringify(await job()));
process.exit(0);
