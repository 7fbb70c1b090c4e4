import { inOneProcess } from './runtimes.ts'
import { specifyGateway } from './specification.ts'

specifyGateway(inOneProcess('deno'))
