// Runs in Deno: makes the calls that its first argument lists, then some that must not be made.
import type { LookupAddress } from 'node:dns'
import type { HttpPort } from '../../../core/ports.ts'
import { type Dialling, publicTargets } from '../../../edge/ports/http-public.ts'
import { plain, type WireCase, wireRequest } from '../../kit/wire-cases.ts'

const noOther: HttpPort = { send: () => Promise.reject(new Error('for the public port')) }
const requests: readonly WireCase['request'][] = JSON.parse(process.argv[2] ?? '[]')
const everywhere = publicTargets(noOther, {
  lookup: (() => {}) as unknown as Dialling['lookup'],
  isPublic: () => true,
})
const answers = await Promise.all(
  requests.map((request) => everywhere.send({ ...wireRequest(request), target: 'public' })),
)

const found = ['127.0.0.1', '10.0.0.1']
const rebinding = publicTargets(noOther, {
  lookup: ((_: string, __: unknown, done: (error: null, found: LookupAddress[]) => void) =>
    done(null, [{ address: found.shift() ?? '', family: 4 }])) as unknown as Dialling['lookup'],
  isPublic: (address) => address === '127.0.0.1',
})
const url = `http://shop.example:${process.argv[3]}/good`
const ask = (port: HttpPort, to: string) =>
  port.send({ ...wireRequest({ url: to }), target: 'public' })
const guarded = [
  await ask(rebinding, url),
  await ask(rebinding, url),
  await ask(publicTargets(noOther), `http://localhost:${process.argv[3]}/good`),
  await ask(publicTargets(noOther), `http://127.0.0.1:${process.argv[3]}/good`),
]
console.log(JSON.stringify({ answers: answers.map(plain), guarded: guarded.map(plain) }))
