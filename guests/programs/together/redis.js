// redis' protocol over a UNIX socket, as far as the demo needs it: commands of strings, answered in order by a simple string, an error, an
// integer or a bulk string.
'use strict';
const net = require('node:net');

// Returns a function that sends a command and promises its answer.
exports.openRedis = path => {
    const waiting = [];
    let received = Buffer.alloc(0);
    const socket = net.connect(path);
    socket.on('data', data => {
        received = Buffer.concat([received, data]);
        for (let reply; waiting.length > 0 && (reply = parse(received)) !== null; received = received.subarray(reply.end))
            waiting.shift()(reply);
    });
    socket.on('error', failure => fail(failure.message));
    socket.on('close', () => fail('redis has closed the connection'));

    function fail(message) {
        while (waiting.length > 0)
            waiting.shift()({ kind: '-', text: message });
    }

    return (...words) => new Promise((resolve, reject) => {
        waiting.push(({ kind, text }) => kind === '-' ? reject(new Error(text)) : resolve(text));
        socket.write(`*${words.length}\r\n` + words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join(''));
    });
};

// The first reply in a buffer and where it ends; null when it is not all there.
function parse(buffer) {
    const lineEnd = buffer.indexOf('\r\n');
    if (lineEnd < 0)
        return null;
    const kind = String.fromCharCode(buffer[0]);
    const line = buffer.toString('utf8', 1, lineEnd);
    if (kind !== '$')
        return { kind, text: line, end: lineEnd + 2 };
    const length = Number(line);
    if (length < 0)
        return { kind, text: null, end: lineEnd + 2 };
    const end = lineEnd + 2 + length;
    return buffer.length < end + 2 ? null : { kind, text: buffer.toString('utf8', lineEnd + 2, end), end: end + 2 };
}
