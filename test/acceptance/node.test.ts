import { inOneProcess } from './runtimes.ts'
import { specifyGateway } from './specification.ts'

specifyGateway(inOneProcess('node'))
