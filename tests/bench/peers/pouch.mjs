// PouchDB on leveldb and express-pouchdb, one job a process:
//   serve FOLDER [DOCS]        a server with the documents of a file, prints its port
//   pull URL FOLDER            replicates everything into an empty database
//   push URL FOLDER DOCS       puts the documents of a file here, then replicates them there
//   live URL FOLDER CHANGES    follows the server while documents are put there one by one
// Batches of 1,000 are what PouchDB's guide recommends for large replications. Times in seconds.
import { readFileSync } from 'node:fs';
import express from 'express';
import expressPouch from 'express-pouchdb';
import PouchDB from 'pouchdb';

const BATCH = { batch_size: 1000, batches_limit: 10 };
const NAME = 'bench';
const [job, ...rest] = process.argv.slice(2);

function documents(file) {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

async function put(db, docs) {
  for (let start = 0; start < docs.length; start += BATCH.batch_size) {
    const answers = await db.bulkDocs(docs.slice(start, start + BATCH.batch_size));
    const refused = answers.find((answer) => answer.error);
    if (refused) throw new Error(refused.message);
  }
}

async function timed(work) {
  const start = performance.now();
  const found = await work();
  return { ...found, seconds: (performance.now() - start) / 1000 };
}

async function serve(folder, file) {
  const Local = PouchDB.defaults({ prefix: `${folder}/` });
  const db = new Local(NAME);
  if (file) await put(db, documents(file));
  const app = express();
  const logPath = `${folder}/log.txt`;
  app.use('/', expressPouch(Local, { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath }));
  const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

async function pull(url, folder) {
  const local = new PouchDB(`${folder}/local`);
  const told = await timed(async () => {
    const done = await PouchDB.replicate(`${url}/${NAME}`, local, BATCH);
    return { written: done.docs_written };
  });
  const found = await local.allDocs({ include_docs: true });
  const balance = found.rows.reduce((sum, row) => sum + (row.doc.balance ?? 0), 0);
  console.log(JSON.stringify({ ...told, balance }));
}

async function push(url, folder, file) {
  const local = new PouchDB(`${folder}/local`);
  await put(local, documents(file));
  const told = await timed(async () => {
    const done = await PouchDB.replicate(local, `${url}/${NAME}`, BATCH);
    return { written: done.docs_written };
  });
  console.log(JSON.stringify(told));
}

async function live(url, folder, changes) {
  const local = new PouchDB(`${folder}/local`);
  const remote = new PouchDB(`${url}/${NAME}`);
  const waiting = new Map();
  PouchDB.replicate(remote, local, { live: true, retry: true, ...BATCH });
  local.changes({ live: true, since: 'now' }).on('change', (change) => {
    waiting.get(change.id)?.(performance.now());
  });
  const seconds = [];
  for (let no = 0; no < Number(changes); no += 1) {
    const id = `change-${Date.now()}-${no}`;
    const seen = new Promise((resolve) => waiting.set(id, resolve));
    await remote.put({ _id: id, balance: 1 });
    const written = performance.now();
    seconds.push(Math.max(0, (await seen) - written) / 1000);
  }
  console.log(JSON.stringify({ seconds }));
}

await { serve, pull, push, live }[job](...rest);
if (job !== 'serve') process.exit(0);
