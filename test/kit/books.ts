import type { Books, Json } from '../../core/plugin/simulator.ts'

/**
 * Books in memory. Documents are kept as text, so what would not survive a database does not
 * survive here; and a change is decided twice, which one that is not pure does not survive either.
 */
export function memoryBooks(): Books {
  const kinds = new Map<string, Map<string, string>>()
  const shelf = (kind: string) => kinds.get(kind) ?? new Map<string, string>()
  const read = (text: string | undefined): Json | undefined =>
    text === undefined ? undefined : JSON.parse(text)

  return {
    get: async (kind, id) => read(shelf(kind).get(id)),
    list: async (kind) =>
      [...shelf(kind)]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, text]) => ({ id, value: JSON.parse(text) })),
    async update(kind, id, change) {
      const documents = shelf(kind)
      kinds.set(kind, documents)
      change(read(documents.get(id)))
      const changed = change(read(documents.get(id)))
      if (changed === undefined) documents.delete(id)
      else documents.set(id, JSON.stringify(changed))
      return changed
    },
  }
}
