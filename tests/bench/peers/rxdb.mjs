// RxDB in memory on both sides, replicating over HTTP, one job a process:
//   serve FOLDER [DOCS]     a collection behind express, prints its port
//   pull URL FOLDER         replicates everything into an empty collection
//   push URL FOLDER DOCS    puts the documents of a file here, then replicates them there
// The server answers by RxDB's own handler of its replication protocol; the client calls it by
// replicateRxCollection, as RxDB's guide to HTTP does. Nothing is durable. Times in seconds.
import { readFileSync } from 'node:fs';
import express from 'express';
import { createRxDatabase, rxStorageInstanceToReplicationHandler } from 'rxdb/plugins/core';
import { replicateRxCollection } from 'rxdb/plugins/replication';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';

const BATCH_SIZE = 5000; // the fastest of 100 (the default), 1,000 and 5,000
const BODY_MAX = '64mb';
const TEXT = { type: 'string' };
const SCHEMA = {
  version: 0,
  primaryKey: '_id',
  type: 'object',
  properties: {
    _id: { type: 'string', maxLength: 36 },
    name: TEXT,
    card: TEXT,
    phone: TEXT,
    tier: TEXT,
    account: TEXT,
    balance: { type: 'number' },
    lots: { type: 'array' },
    receipt: { type: 'object' },
  },
};
const [job, ...rest] = process.argv.slice(2);

async function collection(file) {
  const storage = getRxStorageMemory();
  const db = await createRxDatabase({ name: job, storage, multiInstance: false });
  const { bench } = await db.addCollections({ bench: { schema: SCHEMA } });
  const lines = file ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const { error } = await bench.bulkInsert(lines.map((line) => JSON.parse(line)));
  if (error.length) throw new Error(`${error.length} documents were refused`);
  return bench;
}

async function serve(folder, file) {
  const { storageInstance, conflictHandler, database } = await collection(file);
  const handler = rxStorageInstanceToReplicationHandler(
    storageInstance, conflictHandler, database.token,
  );
  const app = express();
  app.get('/pull', async (request, response) => {
    const { since, limit } = request.query;
    const checkpoint = since ? JSON.parse(since) : undefined;
    response.json(await handler.masterChangesSince(checkpoint, Number(limit)));
  });
  app.post('/push', express.json({ limit: BODY_MAX }), async (request, response) => {
    response.json(await handler.masterWrite(request.body));
  });
  const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

async function replicated(bench, way) {
  const start = performance.now();
  const state = replicateRxCollection({
    collection: bench, replicationIdentifier: 'bench', live: false, waitForLeadership: false, ...way,
  });
  state.error$.subscribe((error) => { throw error; });
  await state.awaitInitialReplication();
  return (performance.now() - start) / 1000;
}

async function asked(url, options) {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

async function pull(url) {
  const bench = await collection();
  const handler = (checkpoint, limit) => {
    const since = checkpoint ? `&since=${encodeURIComponent(JSON.stringify(checkpoint))}` : '';
    return asked(`${url}/pull?limit=${limit}${since}`);
  };
  const seconds = await replicated(bench, { pull: { handler, batchSize: BATCH_SIZE } });
  const found = await bench.find().exec();
  const balance = found.reduce((sum, doc) => sum + doc.balance, 0);
  console.log(JSON.stringify({ written: found.length, balance, seconds }));
}

async function push(url, folder, file) {
  const bench = await collection(file);
  let written = 0;
  const handler = async (rows) => {
    const body = JSON.stringify(rows);
    const headers = { 'content-type': 'application/json' };
    const conflicts = await asked(`${url}/push`, { method: 'POST', headers, body });
    written += rows.length - conflicts.length;
    return conflicts;
  };
  const seconds = await replicated(bench, { push: { handler, batchSize: BATCH_SIZE } });
  console.log(JSON.stringify({ written, seconds }));
}

await { serve, pull, push }[job](...rest);
if (job !== 'serve') process.exit(0);
