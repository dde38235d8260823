// A client of the server. It has one word of random letters kept after the other, over a connection that it leaves open, and prints each
// when it has been answered with the next number; another number ends it. When it reads something, it stops, asks for the state once more,
// and ends. What it prints:
//
//   client PID IDENTITY             before the first word: its process, and what it drew when it was started
//   state JSON                      before the first word, and after the last
//   acknowledged NUMBER WORD
//   failed REASON
//   remembered PID IDENTITY COUNT   at the end: the same as at the start, and how many answers it knows
//
//   client.js HTTP-SOCKET
'use strict';
const { randomBytes, randomUUID } = require('node:crypto');
const http = require('node:http');

const socketPath = process.argv[2];
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

// What only the memory of this process knows.
const drawn = randomUUID();
let answers = 0;
let wantsEnd = false;

function ask(path) {
    return new Promise((resolve, reject) => {
        http.get({ socketPath, path, agent }, response => {
            let body = '';
            response.setEncoding('utf8');
            response.on('data', part => body += part);
            response.on('end', () => response.statusCode === 200 ? resolve(body) : reject(new Error(body)));
            response.on('error', reject);
        }).on('error', reject);
    });
}

async function keepAnother() {
    const word = randomBytes(8).toString('hex');
    const { number } = JSON.parse(await ask(`/keep?word=${word}`));
    if (number !== ++answers)
        throw new Error(`the answer to request ${answers} was ${number}`);
    console.log(`acknowledged ${number} ${word}`);
}

async function main() {
    console.log(`client ${process.pid} ${drawn}`);
    console.log(`state ${await ask('/state')}`);
    while (!wantsEnd)
        await keepAnother();
    console.log(`state ${await ask('/state')}`);
    console.log(`remembered ${process.pid} ${drawn} ${answers}`);
}

process.stdin.once('data', () => wantsEnd = true);
main().then(() => process.exit(0), failure => {
    console.log(`failed ${failure.message}`);
    process.exit(1);
});
