// Runs in workerd: makes the calls that it is asked for, and answers their answers.
import { fetchPort, provesNothing } from '../../../edge/ports/http.ts'
import { remoteDatabase } from '../../../edge/ports/libsql-http.ts'
import { plain, type WireCase, wireRequest } from '../../kit/wire-cases.ts'

// biome-ignore lint/style/noDefaultExport: what workerd wants of a Worker
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/database') {
      const database = remoteDatabase({ url: searchParams.get('url') ?? '' })
      return Response.json(await database.batch([{ sql: 'SELECT 1, ?', args: ['a'] }], 'read'))
    }
    const port = fetchPort(provesNothing)
    const asked: WireCase['request'] = await request.json()
    return Response.json(plain(await port.send(wireRequest(asked))))
  },
}
