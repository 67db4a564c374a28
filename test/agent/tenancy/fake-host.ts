import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

interface FakeProcess {
  cgroup?: string
  uid?: number
  start?: number
  environ?: Record<string, string>
}

/** A process table, control groups, users and sockets in a temporary folder, in the shapes of the kernel's own. */
export class FakeHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'perwatt-tenancy-'))
  readonly #servers: Server[] = []
  /** what a steady clock shows */
  nowMs = 1_000_000

  get settings() {
    return {
      proc: join(this.folder, 'proc'),
      cgroups: join(this.folder, 'cgroup'),
      passwd: join(this.folder, 'passwd'),
      dockerSocket: join(this.folder, 'docker.sock'),
      podmanSocket: join(this.folder, 'podman.sock'),
    }
  }

  write(path: string, text: string): string {
    const file = join(this.folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }

  run(pid: number, { cgroup = '0::/user.slice', uid = 1000, start = 4242, environ = {} }: FakeProcess): void {
    // the program's name may hold anything, brackets and blanks too
    this.write(`proc/${pid}/stat`, `${pid} (python3 (x) y) R ${Array(18).fill('0').join(' ')} ${start} 0 0\n`)
    this.write(`proc/${pid}/cgroup`, `${cgroup}\n`)
    this.write(`proc/${pid}/status`, `Name:\tpython3\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`)
    this.write(
      `proc/${pid}/environ`,
      Object.entries(environ)
        .map(([k, v]) => `${k}=${v}\0`)
        .join(''),
    )
  }

  end(pid: number): void {
    rmSync(join(this.folder, 'proc', String(pid)), { recursive: true })
  }

  /** A job's control group with these processes in it. */
  job(job: number, pids: number[], scope = 'system.slice/slurmstepd.scope'): string {
    this.write(`cgroup/${scope}/job_${job}/cgroup.procs`, '')
    this.write(
      `cgroup/${scope}/job_${job}/step_batch/user/task_0/cgroup.procs`,
      pids.map((p) => `${p}\n`).join(''),
    )
    return `0::/${scope}/job_${job}/step_batch/user/task_0`
  }

  /** An engine's API, on a unix socket. */
  async listen(socket: string, answer: RequestListener): Promise<void> {
    const server = createServer(answer)
    this.#servers.push(server)
    await new Promise<void>((resolve) => server.listen(socket, resolve))
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export const json =
  (body: unknown, status = 200): RequestListener =>
  (_, res) => {
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

/** 64 digits, as container ids have. */
export const containerId = (digit: string): string => digit.repeat(64)
