import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const FIXTURES = 'test/fixtures/gpu'

export interface FakeSmi {
  program: string
  folder: string
  /** what it writes from now on for `help`, `query` and `log`; '' is silence */
  write(part: 'help' | 'query' | 'log', text: string): void
  /** the command lines that it was started with */
  started(): string[]
  /** the processes that it was */
  pids(): number[]
  remove(): void
}

/** A program that stands for nvidia-smi: it answers like the fixtures until told otherwise. @param body a script of its own */
export function fakeSmi(body?: string): FakeSmi {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-smi-'))
  const program = join(folder, 'nvidia-smi')
  const file = (part: string) => join(folder, part)
  copyFileSync(`${FIXTURES}/nvml-help-query-gpu.txt`, file('help'))
  copyFileSync(`${FIXTURES}/nvml-query-gpu.csv`, file('query'))
  copyFileSync(`${FIXTURES}/nvml-log.xml`, file('log'))
  writeFileSync(file('started'), '')
  const again = (part: string) => `while :; do cat ${file(part)}; sleep 0.05; done`
  const usual = `case "$1" in --help*) cat ${file('help')};; -q) ${again('log')};; *) ${again('query')};; esac`
  writeFileSync(program, `#!/bin/sh\necho "$$ $*" >> ${file('started')}\n${body ?? usual}\n`)
  chmodSync(program, 0o755)
  const lines = () => readFileSync(file('started'), 'utf8').trim().split('\n')
  return {
    program,
    folder,
    write(part, text) {
      writeFileSync(file('new'), text)
      renameSync(file('new'), file(part))
    },
    started: () => lines().map((line) => line.replace(/^\d+ /, '')),
    pids: () => lines().map((line) => Number.parseInt(line, 10)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
