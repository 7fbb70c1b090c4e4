import { type FSWatcher, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'

/** Changes that come together (an editor's, a checkout's) are one. */
const TOGETHER_MS = 200

/**
 * Tells of changes within these folders and nowhere else. It watches in this process, so that it ends
 * with it, however that ends.
 *
 * Each folder by itself: what Node offers for whole trees no longer sees a file that was replaced.
 *
 * @returns what ends it
 */
export function watchFolders(folders: readonly string[], changed: () => void): () => void {
  const watchers = new Map<string, FSWatcher>()
  let soon: NodeJS.Timeout | undefined
  const later = () => {
    clearTimeout(soon)
    soon = setTimeout(() => {
      watchAll()
      changed()
    }, TOGETHER_MS)
  }
  const watchAll = () => {
    const there = new Set(folders.flatMap(withinAndItself))
    for (const [folder, watcher] of watchers) {
      if (there.has(folder)) continue
      watcher.close()
      watchers.delete(folder)
    }
    for (const folder of there) {
      if (!watchers.has(folder)) watchers.set(folder, watch(folder, later))
    }
  }
  watchAll()
  return () => {
    clearTimeout(soon)
    for (const watcher of watchers.values()) watcher.close()
  }
}

function withinAndItself(folder: string): readonly string[] {
  const within = readdirSync(folder, { recursive: true, withFileTypes: true })
  const folders = within.filter((entry) => entry.isDirectory())
  return [folder, ...folders.map(({ parentPath, name }) => join(parentPath, name))]
}
