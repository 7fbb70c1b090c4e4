import { DatabaseError } from '../../../core/ports.ts'
import { Wrong } from './command.ts'

/** Makes something that has a name of its own. */
export async function unlessTaken<Made>(what: string, make: () => Promise<Made>): Promise<Made> {
  try {
    return await make()
  } catch (error) {
    const isTaken = error instanceof DatabaseError && error.trouble === 'conflict'
    if (isTaken) throw new Wrong(`${what} is there already`, { cause: error })
    throw error
  }
}
