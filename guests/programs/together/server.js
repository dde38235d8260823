// A server of HTTP on a UNIX socket. A request to keep a word gives it the next number and puts it in three places: the memory of this
// process, a key of redis, a row in PostgreSQL; it is answered with the number when all three have it. A request for the state asks each
// program who it is and since when, and for all that it has.
//
//   server.js HTTP-SOCKET REDIS-SOCKET
'use strict';
const { createHash, randomUUID } = require('node:crypto');
const { readFileSync } = require('node:fs');
const http = require('node:http');
const { openRedis } = require('./redis.js');
const { openPostgres } = require('./postgres.js');

const KEYS_AT_ONCE = 256;

const [httpSocket, redisSocket] = process.argv.slice(2);
const redis = openRedis(redisSocket);
const postgres = openPostgres();

// What only the memory of this process knows.
const drawn = randomUUID();
const words = [];

async function keep(word) {
    if (!/^[0-9a-f]+$/.test(word))
        throw new Error(`not a word: ${word}`);
    words.push(word);
    const number = words.length;
    const [inRedis, , inPostgres] = await Promise.all([
        redis('INCR', 'counter'),
        redis('SET', `request:${number}`, word),
        postgres(`insert into request (word) values ('${word}') returning number`),
    ]);
    if (inRedis !== String(number) || inPostgres !== String(number))
        throw new Error(`redis counts to ${inRedis} and PostgreSQL to ${inPostgres}, not to ${number}`);
    return { number };
}

// The digest of a program's words in their order, a line each.
const digest = list => createHash('sha256').update(list.map(word => word + '\n').join('')).digest('hex');

async function stateOfRedis() {
    const info = await redis('INFO');
    const value = name => new RegExp(`^${name}:(.*)\r$`, 'm').exec(info)[1];
    const count = Number(await redis('GET', 'counter') ?? 0);
    const kept = [];
    for (let first = 1; first <= count; first += KEYS_AT_ONCE) {
        const numbers = Array.from({ length: Math.min(KEYS_AT_ONCE, count + 1 - first) }, (_, i) => first + i);
        kept.push(...await Promise.all(numbers.map(number => redis('GET', `request:${number}`))));
    }
    return {
        pid: Number(value('process_id')), identity: value('run_id'), uptime: Number(value('uptime_in_seconds')), count, digest: digest(kept),
    };
}

async function stateOfPostgres() {
    const [start, uptime, backend] = (await postgres(
        'select pg_postmaster_start_time(), extract(epoch from clock_timestamp() - pg_postmaster_start_time())::bigint, pg_backend_pid()'
    )).split('|');
    const rows = (await postgres('select word from request order by number')).split('\n').filter(word => word !== '');
    // The postmaster is the parent of the session's process.
    const pid = Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${backend}/status`, 'utf8'))[1]);
    return { pid, identity: `${start}, session ${backend}`, uptime: Number(uptime), count: rows.length, digest: digest(rows) };
}

async function state() {
    const [ofRedis, ofPostgres] = await Promise.all([stateOfRedis(), stateOfPostgres()]);
    const ofNode = { pid: process.pid, identity: drawn, uptime: Math.floor(process.uptime()), count: words.length, digest: digest(words) };
    return { node: ofNode, redis: ofRedis, postgres: ofPostgres };
}

// A client's connection stays open however long the machine stands still or is slow.
const server = http.createServer(async (request, response) => {
    try {
        const { pathname, searchParams } = new URL(request.url, 'http://server');
        response.end(JSON.stringify(pathname === '/keep' ? await keep(searchParams.get('word')) : await state()));
    } catch (failure) {
        response.statusCode = 500;
        response.end(String(failure));
    }
});
server.keepAliveTimeout = 0;
server.listen(httpSocket);
