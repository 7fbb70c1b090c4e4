import type * as z from 'zod'
import type { Books, Json } from '../../../core/plugin/simulator.ts'

/** The documents of one kind, parsed when they are read: the books outlive the code that wrote them. */
export interface Shelf<Document extends Json> {
  get(id: string): Promise<Document | undefined>
  list(): Promise<readonly { readonly id: string; readonly document: Document }[]>
  put(id: string, document: Document): Promise<void>
  remove(id: string): Promise<void>
  /**
   * Decides what becomes of one document and stores it in the same atomic step. `decide` may run
   * more than once; the outcome is that of the run whose document was stored.
   */
  change<Outcome>(
    id: string,
    decide: (current: Document | undefined) => Change<Document, Outcome>,
  ): Promise<Outcome>
}

export interface Change<Document, Outcome> {
  /** `undefined` removes the document. */
  readonly document: Document | undefined
  readonly outcome: Outcome
}

export function shelf<Document extends Json>(
  books: Books,
  kind: string,
  schema: z.ZodType<Document>,
): Shelf<Document> {
  const read = (stored: Json | undefined) =>
    stored === undefined ? undefined : schema.parse(stored)
  return {
    get: async (id) => read(await books.get(kind, id)),
    list: async () =>
      (await books.list(kind)).map(({ id, value }) => ({ id, document: schema.parse(value) })),
    put: async (id, document) => void (await books.update(kind, id, () => document)),
    remove: async (id) => void (await books.update(kind, id, () => undefined)),
    async change(id, decide) {
      const runs: ReturnType<typeof decide>[] = []
      await books.update(kind, id, (stored) => {
        const run = decide(read(stored))
        runs.push(run)
        return run.document
      })
      const last = runs.at(-1)
      if (last === undefined) throw new Error(`the books did not run a change of ${kind} ${id}`)
      return last.outcome
    },
  }
}
