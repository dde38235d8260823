// One session of psql that lasts, its input and output pipes: a statement is written to it, and its rows are what it prints up to a mark
// that it is told to print behind them.
'use strict';
const { spawn } = require('node:child_process');

// Returns a function that has a statement executed and promises what psql printed of it.
exports.openPostgres = () => {
    const waiting = [];
    let lines = [];
    let rest = '';
    let statements = 0;
    const psql = spawn('psql', ['-qAtXU', 'postgres', '-v', 'ON_ERROR_STOP=1'], { stdio: ['pipe', 'pipe', 'inherit'] });
    psql.stdout.on('data', data => {
        const parts = (rest + data).split('\n');
        rest = parts.pop();
        for (const line of parts)
            take(line);
    });
    psql.on('close', () => {
        while (waiting.length > 0)
            waiting.shift().reject(new Error('psql has ended'));
    });

    function take(line) {
        if (line !== waiting[0]?.mark) {
            lines.push(line);
            return;
        }
        waiting.shift().resolve(lines.join('\n'));
        lines = [];
    }

    return statement => new Promise((resolve, reject) => {
        const mark = `-- ${++statements}`;
        waiting.push({ mark, resolve, reject });
        psql.stdin.write(`${statement};\n\\echo '${mark}'\n`);
    });
};
