/** `npm run operate -- <command>`: what an operator does without an admin page. */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { runOperate } from './operate/run.ts'

process.exitCode = await runOperate(process.argv.slice(2), process.env, {
  read: (path) => (path === '-' ? text(process.stdin) : readFile(path, 'utf8')),
  print: (line) => console.log(line),
  remark: (line) => console.error(line),
})
