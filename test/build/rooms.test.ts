import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { circles, foldersOf, importGraph, sourceFiles } from './import-graph.ts'
import { roomFaults, tableFaults } from './room-faults.ts'
import { ROOMS } from './rooms.ts'

const files = sourceFiles(resolve('.'))
const graph = importGraph(files)

/** What is wrong once a file of this text is in the house. */
const faultsWith = (path: string, text: string): string[] =>
  roomFaults(new Map([...graph, ...importGraph(new Map([[path, text]]))]), ROOMS)

describe('the house as it stands', () => {
  it('imports only what the table of rooms allows', () => expect(roomFaults(graph, ROOMS)).toEqual([]))
  it('has a table from the ground up, and no right in it that nobody uses', () =>
    expect(tableFaults(graph, ROOMS)).toEqual([]))
  it('has no files that import each other in a circle', () => expect(circles(graph)).toEqual([]))
  it('has no folders that import each other in a circle', () => expect(circles(foldersOf(graph))).toEqual([]))
  it('knows no room that is empty', () =>
    expect(
      Object.keys(ROOMS).filter((room) => ![...files.keys()].some((f) => f.startsWith(`${room}/`))),
    ).toEqual([]))
})

/** Files that break the table, by what is wrong with them: path and text. */
const REFUSED = {
  'economics importing the live views': [
    'collector/economics/x.ts',
    "import type { LiveViews } from '../live/live-views.ts'",
  ],
  'economics importing the settler': [
    'collector/economics/settlement/x.ts',
    "import { Settler } from '../../settling/settler.ts'",
  ],
  'economics reading a file': ['collector/economics/x.ts', "import { readFileSync } from 'node:fs'"],
  'economics importing the shared tools': [
    'collector/economics/x.ts',
    "import { PerwattError } from '../../protocol/kit/errors.ts'",
  ],
  'a driver importing the agent': ['agent/drivers/x.ts', "import { Agent } from '../composition/agent.ts'"],
  'a driver importing the spool': [
    'agent/drivers/x.ts',
    "import type { Spool } from '../uplink/spool/spool.ts'",
  ],
  'a driver importing another driver': ['agent/drivers/x.ts', "export { default } from './vnish.ts'"],
  'a driver’s folder importing another driver': [
    'agent/drivers/x/x.ts',
    "import type { Modules } from '../avalon/modules.ts'",
  ],
  'a driver importing MQTT': ['agent/drivers/x.ts', "import mqtt from 'mqtt'"],
  'a driver importing the MQTT link': [
    'agent/drivers/x.ts',
    "import { MqttLink } from '../../protocol/kit/mqtt/mqtt-link.ts'",
  ],
  'a channel importing the MQTT link': [
    'collector/channels/x.ts',
    "import { MqttLink } from '../../protocol/kit/mqtt/mqtt-link.ts'",
  ],
  'a channel importing the ledger': [
    'collector/channels/x.ts',
    "import type { Ledger } from '../intake/ledger.ts'",
  ],
  'a channel importing another channel': ['collector/channels/x.ts', "import webhook from './webhook.ts'"],
  'a feed importing another feed': ['collector/feeds/x.ts', "import fixed from './fixed.ts'"],
  'a feed importing MQTT': ['collector/feeds/x.ts', "import { connect } from 'mqtt'"],
  'a pool importing another pool': ['collector/pools/x.ts', "import ocean from './ocean.ts'"],
  'a rule importing the alert engine': [
    'collector/rules/x.ts',
    "import type { Engine } from '../alerts/engine.ts'",
  ],
  'a store importing the screens': ['collector/stores/x.ts', "export * from '../screens/server.ts'"],
  'a transport importing a driver': ['agent/wire/x.ts', "import vnish from '../drivers/vnish.ts'"],
  'the protocol reading a file': ['protocol/x.ts', "import fs from 'node:fs'"],
  'the protocol importing DuckDB': ['protocol/x.ts', "import { DuckDBInstance } from '@duckdb/node-api'"],
  'the protocol importing the agent': [
    'protocol/x.ts',
    "import type { Driver } from '../agent/plugin/driver.ts'",
  ],
  'the protocol importing the collector': [
    'protocol/kit/x.ts',
    "import type { Store } from '../../collector/plugin/store.ts'",
  ],
  'the agent importing the collector': [
    'agent/commands/x.ts',
    "import { Collector } from '../../collector/composition/collector.ts'",
  ],
  'the collector importing the agent': [
    'collector/live/x.ts',
    "import type { Reading } from '../../agent/plugin/reading.ts'",
  ],
  'a page importing the collector’s state': [
    'collector/screens/web/wall/x.tsx',
    "import type { SiteState } from '../../../live/state.ts'",
  ],
  'an inline type import': [
    'collector/views/x.ts',
    "export type E = import('../live/choice-inputs.ts').Economy",
  ],
  'a re-export of types': ['collector/views/x.ts', "export type { Economy } from '../live/choice-inputs.ts'"],
  'an import when it runs': ['protocol/x.ts', "export const load = () => import('node:fs/promises')"],
  'an import of a template text': [
    'collector/economics/x.ts',
    'export const load = () => import(`../settling/settler.ts`)',
  ],
  'an import of an expression': [
    'protocol/x.ts',
    "export const load = (name: string) => import('./' + name)",
  ],
  'a require': ['protocol/x.ts', "export const fs = require('node:fs')"],
  'an import by require': ['protocol/x.ts', "import fs = require('node:fs')"],
  'a builtin by its getter': ['protocol/x.ts', "export const fs = process.getBuiltinModule('node:fs')"],
  'a builtin by its getter in brackets': [
    'agent/wire/x.ts',
    "export const fs = process['getBuiltinModule']('fs')",
  ],
  'a builtin by its getter in a template': [
    'collector/live/x.ts',
    'export const fs = process[`getBuiltinModule`]("fs")',
  ],
  'a builtin by a getter that is computed': [
    'collector/live/x.ts',
    "export const fs = (process as never)['getBuiltin' + 'Module']('fs')",
  ],
  'a module’s resolved address': ['protocol/x.ts', "export const at = import.meta.resolve('mqtt')"],
  'a reference in a comment': ['protocol/x.ts', '/// <reference types="node" />\nexport const x = 1'],
  'a module that is declared again': [
    'collector/economics/x.ts',
    "declare module '../settling/settler.ts' { export const y: 1 }",
  ],
  'a file that is no TypeScript': ['agent/asic/x.mts', 'export const x = 1'],
  'a folder that is no room': ['agent/helpers/x.ts', 'export const x = 1'],
} as const

describe('the guard, shown what it must refuse', () => {
  it.each(Object.entries(REFUSED))('refuses %s', (_, [path, text]) => {
    expect(faultsWith(path, text)).toEqual([expect.stringContaining(path)])
  })
  it('takes a driver that imports its contract, its transport and the protocol', () => {
    const text = [
      "import { defineDriver } from '../plugin/driver.ts'",
      "import { cgminerSession } from '../asic/session.ts'",
      "import { MINUTE_MS } from '../../protocol/units.ts'",
      "import { z } from 'zod'",
    ].join('\n')
    expect(faultsWith('agent/drivers/x.ts', text)).toEqual([])
  })
  it('finds a circle that only types tie', () => {
    const tied = new Map([
      ['protocol/a.ts', "import type { B } from './b.ts'"],
      ['protocol/b.ts', "export type A = import('./a.ts').A"],
    ])
    expect(circles(importGraph(tied))).toEqual([['protocol/a.ts', 'protocol/b.ts']])
  })
  it('finds a table whose row reaches down, and a right that nobody uses', () => {
    const room = { holds: '', packages: [] }
    const table = { a: { ...room, imports: ['b'] }, b: { ...room, imports: [] } }
    expect(tableFaults(new Map(), table)).toEqual([
      'a may import b, which stands below it in the table',
      'a may import b, and does not: take it out',
    ])
  })
})
