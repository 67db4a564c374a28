import { readdir, readFile } from 'node:fs/promises'
import type { EventLoopDelay } from './event-loop-delay.ts'
import { counter, gauge, histogram, info } from './family.ts'
import type { Page } from './page.ts'

/** The program's own health, under the names that Prometheus' client libraries share where they have one. */
export const PROCESS_FAMILIES = {
  build: info('perwatt_build', 'Which perwatt this is', ['program', 'version', 'node']),
  loopDelay: histogram(
    'perwatt_event_loop_delay_seconds',
    'How late the event loop calls what is due; a halt counts once for each 20 ms that it covers',
    { unit: 'seconds' },
  ),
  cpu: counter('process_cpu_seconds', 'User and system CPU time of the program', { unit: 'seconds' }),
  started: gauge('process_start_time_seconds', 'Start of the program, Unix time', { unit: 'seconds' }),
  resident: gauge('process_resident_memory_bytes', 'Resident memory of the program', { unit: 'bytes' }),
  heapUsed: gauge('nodejs_heap_size_used_bytes', 'Used part of the JavaScript heap', { unit: 'bytes' }),
  heapTotal: gauge('nodejs_heap_size_total_bytes', 'JavaScript heap', { unit: 'bytes' }),
  external: gauge('nodejs_external_memory_bytes', 'Memory of buffers outside the JavaScript heap', {
    unit: 'bytes',
  }),
  openFiles: gauge('process_open_fds', 'Open file descriptors; only on Linux'),
  mostFiles: gauge('process_max_fds', 'Limit of open file descriptors; only on Linux'),
}

/** Adds the program's own health to a page. Never rejects: what the system does not tell is absent. */
export async function addProcess(
  page: Page,
  { program, version, loopDelay }: { program: string; version: string; loopDelay: EventLoopDelay },
): Promise<void> {
  const f = PROCESS_FAMILIES
  page.info(f.build, program, version, process.versions.node)
  page.histogram(f.loopDelay, loopDelay.histogram)
  const { user, system } = process.cpuUsage()
  page.add(f.cpu, (user + system) / 1e6)
  page.add(f.started, Math.round(performance.timeOrigin) / 1000)
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
  page.add(f.resident, rss)
  page.add(f.heapUsed, heapUsed)
  page.add(f.heapTotal, heapTotal)
  page.add(f.external, external)
  page.add(f.openFiles, await openFiles())
  page.add(f.mostFiles, await mostFiles())
}

/** Without the one that this look itself opens. */
const openFiles = async (): Promise<number | undefined> => {
  const open = await readdir('/proc/self/fd').catch(() => undefined)
  return open && open.length - 1
}

const mostFiles = async (): Promise<number | undefined> => {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? undefined : Number(soft)
}
