import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lastingPort } from './gateway-process.ts'
import { until } from './until.ts'

/** Why tests that need a real Redis are not run here; nothing where it is there. */
export function redisMissing(): string | undefined {
  const { status } = spawnSync('redis-server', ['--version'])
  return status === 0 ? undefined : 'no redis-server here (apt-get install redis-server): not run'
}

type Reply = string | number | null | { readonly error: string } | readonly Reply[]

/** A real Redis behind the REST interface that Upstash puts before its own. */
export interface RestRedis {
  readonly url: string
  readonly token: string
  /** Commands that came over REST, in order. */
  readonly commands: readonly (readonly string[])[]
  /** Talks to Redis itself. */
  run(...command: string[]): Promise<Reply>
  /** All that is stored, keys and values. */
  contents(): Promise<string>
  kill(): Promise<void>
  restart(): Promise<void>
  /** How the front behaves from now on, instead of passing commands on. */
  behave(how: Behaviour): void
  stop(): Promise<void>
}

export type Behaviour = 'well' | 'silent' | 'html' | 'nonsense' | 'refuses' | 'resets'

/** @see Upstash, REST API, read 2026-11-26: commands as JSON arrays, `/pipeline`, `/multi-exec` */
export async function startRestRedis(): Promise<RestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'tongbao-redis-'))
  const port = await lastingPort()
  const token = 'rest-token-of-the-test'
  const commands: string[][] = []
  let child = await startRedis(port, directory)
  let how: Behaviour = 'well'
  const scripts = upstashScripts()
  const run = (command: readonly string[]) => ask(port, [command]).then(([reply]) => reply ?? null)

  const front = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy())
  })
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (how === 'resets') return void request.socket.resetAndDestroy()
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString()
    if (how === 'silent') return
    const say = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (how === 'html') return void response.writeHead(200).end('<html>welcome</html>')
    if (how === 'nonsense') return void say(200, { result: ['c29tZXRoaW5n', { a: 1 }] })
    if (how === 'refuses') return void say(429, { error: 'ERR max daily request limit exceeded' })
    if (request.headers.authorization !== `Bearer ${token}`) {
      return void say(401, { error: 'Unauthorized' })
    }
    const encode = encoder(request.headers['upstash-encoding'] === 'base64')
    const given = JSON.parse(body) as unknown[]
    const asked = (request.url === '/' ? [given] : given) as unknown[][]
    commands.push(...asked.map((command) => command.map(String)))
    const list = asked.map((command) => scripts.translated(command.map(String)))
    try {
      const replies =
        request.url === '/multi-exec' ? await transaction(port, list) : await ask(port, list)
      const told = replies.map((reply) =>
        isError(reply) ? { error: reply.error } : { result: encode(reply) },
      )
      if (request.url !== '/') return void say(200, told)
      say(isError(replies[0] ?? null) ? 400 : 200, told[0])
    } catch {
      say(500, { error: 'ERR the database cannot be reached' })
    }
  }
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')

  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    token,
    commands,
    run: (...command) => run(command),
    async contents() {
      const keys = (await run(['KEYS', '*'])) as string[]
      const values = await Promise.all(keys.map((key) => run(['GET', key])))
      return JSON.stringify([keys, values])
    },
    kill: end,
    async restart() {
      await end()
      child = await startRedis(port, directory)
    },
    behave(next) {
      how = next
    },
    async stop() {
      front.closeAllConnections()
      front.close()
      await end()
      await rm(directory, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

/**
 * Scripts as Upstash takes them may have a flag of its own in their first line, which Redis does not
 * know. They are run without it, and found again by the hash that they have with it.
 */
function upstashScripts() {
  const hashes = new Map<string, string>()
  const sha1 = (text: string) => createHash('sha1').update(text).digest('hex')
  return {
    translated(command: readonly string[]): readonly string[] {
      const [name = '', script = '', ...rest] = command
      switch (name.toUpperCase()) {
        case 'EVALSHA':
          return [name, hashes.get(script) ?? script, ...rest]
        case 'EVAL': {
          const known = script.replace(/^(#!lua) flags=allow-key-locking/, '$1')
          hashes.set(sha1(script), sha1(known))
          return [name, known, ...rest]
        }
        default:
          return command
      }
    },
  }
}

async function startRedis(port: number, directory: string): Promise<ChildProcess> {
  const settings = { port, bind: '127.0.0.1', dir: directory, save: '', appendonly: 'no' }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn('redis-server', args, { stdio: 'ignore' })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.off('exit', killWithUs))
  await until(
    () =>
      ask(port, [['PING']])
        .then(([reply]) => reply === 'PONG')
        .catch(() => false),
    'Redis to come up',
  )
  return child
}

function isError(reply: Reply): reply is { readonly error: string } {
  return typeof reply === 'object' && reply !== null && 'error' in reply
}

/** Texts come back in base64 where that was asked for, `OK` and numbers as they are. */
function encoder(isBase64: boolean): (reply: Reply) => unknown {
  const encode = (reply: Reply): unknown => {
    if (Array.isArray(reply)) return reply.map(encode)
    return isBase64 && typeof reply === 'string' && reply !== 'OK'
      ? Buffer.from(reply).toString('base64')
      : reply
  }
  return encode
}

async function transaction(
  port: number,
  commands: readonly (readonly string[])[],
): Promise<readonly Reply[]> {
  const replies = await ask(port, [['MULTI'], ...commands, ['EXEC']])
  const executed = replies.at(-1) ?? null
  return Array.isArray(executed) ? executed : [executed]
}

/** Sends commands over one connection of their own, and reads as many replies (RESP2). */
async function ask(port: number, commands: readonly (readonly string[])[]): Promise<Reply[]> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    socket.write(commands.map(toResp).join(''))
    return await readReplies(socket, commands.length)
  } finally {
    socket.destroy()
  }
}

function toResp(command: readonly string[]): string {
  const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`)
  return `*${command.length}\r\n${parts.join('')}`
}

async function readReplies(socket: Socket, number: number): Promise<Reply[]> {
  let bytes = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, chunk])
    const replies: Reply[] = []
    let at = 0
    while (replies.length < number) {
      const read = readReply(bytes, at)
      if (read === undefined) break
      replies.push(read.reply)
      at = read.next
    }
    if (replies.length === number) return replies
  }
  throw new Error('Redis ended the connection')
}

function readReply(bytes: Buffer, at: number): { reply: Reply; next: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n', at)
  if (lineEnd < 0) return undefined
  const kind = String.fromCharCode(bytes[at] ?? 0)
  const line = bytes.toString('utf8', at + 1, lineEnd)
  let next = lineEnd + 2
  switch (kind) {
    case '+':
      return { reply: line, next }
    case '-':
      return { reply: { error: line }, next }
    case ':':
      return { reply: Number(line), next }
    case '$': {
      const length = Number(line)
      if (length < 0) return { reply: null, next }
      if (bytes.length < next + length + 2) return undefined
      return { reply: bytes.toString('utf8', next, next + length), next: next + length + 2 }
    }
    case '*': {
      const replies: Reply[] = []
      for (let left = Number(line); left > 0; left--) {
        const read = readReply(bytes, next)
        if (read === undefined) return undefined
        replies.push(read.reply)
        next = read.next
      }
      return { reply: replies, next }
    }
    default:
      throw new Error(`Redis said ${kind}`)
  }
}
