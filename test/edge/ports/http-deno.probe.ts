// Runs in Deno: makes the calls that its first argument lists, and prints their answers.
import { fetchPort } from '../../../edge/ports/http.ts'
import { watchDenoCall } from '../../../edge/ports/http-deno.ts'
import { plain, type WireCase, wireRequest } from '../../kit/wire-cases.ts'

const requests: readonly WireCase['request'][] = JSON.parse(process.argv[2] ?? '[]')
const port = fetchPort(watchDenoCall)
const answers = await Promise.all(requests.map((request) => port.send(wireRequest(request))))
console.log(JSON.stringify(answers.map(plain)))
