import { specifyKilled } from './killed.ts'

specifyKilled('deno')
