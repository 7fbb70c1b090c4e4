import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from '@libsql/client/http'
import { afterEach, describe, expect, it } from 'vitest'
import { remoteDatabase } from '../../../edge/ports/libsql-http.ts'
import { sqldMissing, startSqld } from '../../kit/sqld.ts'

const stopping: (() => unknown)[] = []

afterEach(async () => {
  for (const stop of stopping.splice(0)) await stop()
})

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stopping.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const select = [{ sql: 'SELECT 1', args: [] }]

describe.skipIf(sqldMissing() !== undefined)(sqldMissing() ?? 'a libSQL server', () => {
  it('gets one request a batch, the first one included', async () => {
    const sqld = await startSqld()
    stopping.push(() => sqld.stop())
    const requests: string[] = []
    const url = await serve(async (request, response) => {
      requests.push(`${request.method} ${request.url}`)
      const chunks = await Array.fromAsync(request as AsyncIterable<Uint8Array>)
      const answer = await fetch(`${sqld.url}${request.url}`, {
        method: request.method ?? 'GET',
        headers: { 'content-type': request.headers['content-type'] ?? '' },
        body: Buffer.concat(chunks),
      })
      response.writeHead(answer.status, { 'content-type': 'application/json' })
      response.end(Buffer.from(await answer.arrayBuffer()))
    })

    const database = remoteDatabase({ url })
    await database.batch([{ sql: 'CREATE TABLE till (coins)', args: [] }], 'write')
    expect(requests).toEqual(['POST /v2/pipeline'])
    await database.batch(
      [
        { sql: 'INSERT INTO till VALUES (?)', args: [1] },
        { sql: 'SELECT coins FROM till', args: [] },
      ],
      'write',
    )
    expect(requests).toHaveLength(2)
  })

  it('queues a writer behind a lock rather than calling itself busy', async () => {
    const sqld = await startSqld()
    stopping.push(() => sqld.stop())
    const database = remoteDatabase({ url: sqld.url })
    await database.batch([{ sql: 'CREATE TABLE till (coins)', args: [] }], 'write')

    const client = createClient({ url: sqld.url })
    stopping.push(() => client.close())
    const transaction = await client.transaction('write')
    await transaction.execute('INSERT INTO till VALUES (1)')
    const waiting = database.batch([{ sql: 'INSERT INTO till VALUES (2)', args: [] }], 'write')
    await transaction.commit()
    await waiting
    expect(
      await database.batch([{ sql: 'SELECT coins FROM till ORDER BY 1', args: [] }], 'read'),
    ).toEqual([[[1], [2]]])
  })
})

describe('a database behind HTTP', () => {
  it('is unavailable when nobody listens', async () => {
    const database = remoteDatabase({ url: 'http://127.0.0.1:1' })
    await expect(database.batch(select, 'read')).rejects.toMatchObject({
      name: 'DatabaseError',
      trouble: 'unavailable',
      cause: expect.any(Error),
    })
  })

  it.each([401, 404, 429, 500, 502])('is unavailable when it answers %i', async (status) => {
    const url = await serve((_, response) => response.writeHead(status).end('<html>'))
    await expect(remoteDatabase({ url }).batch(select, 'read')).rejects.toMatchObject({
      trouble: 'unavailable',
    })
  })

  it('is unavailable when it answers something else than libSQL does', async () => {
    const url = await serve((_, response) => response.end('<html>'))
    await expect(remoteDatabase({ url }).batch(select, 'read')).rejects.toMatchObject({
      trouble: 'unavailable',
    })
  })

  it('is given up when it stays silent, so that no request waits for ever', async () => {
    const url = await serve(() => {})
    await expect(
      remoteDatabase({ url, timeoutMs: 50 }).batch(select, 'read'),
    ).rejects.toMatchObject({ trouble: 'unavailable' })
  })

  it('sends its token and tells it to nobody else', async () => {
    const seen: (string | undefined)[] = []
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(401).end()
    })
    const error = await remoteDatabase({ url, token: 'token-of-ours' })
      .batch(select, 'read')
      .catch((reason: unknown) => reason)
    expect(seen).toEqual(['Bearer token-of-ours'])
    expect(String(error)).not.toContain('token-of-ours')
  })
})
