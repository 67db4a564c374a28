import { Command } from 'commander'
import { loadConfig } from '../../protocol/kit/config.ts'
import { counted } from '../../protocol/kit/counted.ts'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { plain, printJson, printLine } from '../../protocol/kit/terminal.ts'
import { topic } from '../../protocol/topics.ts'
import { type AgentNote, readNote } from '../composition/status-file.ts'
import { agentConfigSchema, spoolFolderOf } from '../config/config.ts'
import { DRIVERS } from '../drivers/index.ts'
import { configOption } from './config-option.ts'

/** Exit status where records wait and are not taken. */
const STANDS_STILL = 3
/** A running agent writes its note every few seconds. */
const OLD_MS = 30_000

/** `perwatt-agent status`: how the running agent is, by the note that it writes beside its spool. */
export const statusCommand = (): Command =>
  new Command('status')
    .description('show how the running agent is: broker, devices, records that wait, and why')
    .addOption(configOption())
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      '\nExit status: 0 records are taken, 3 they wait and are not taken, 1 no agent runs.',
    )
    .action(status)

function status(options: { config: string; json?: boolean }): void {
  const folder = spoolFolderOf(loadConfig(agentConfigSchema(DRIVERS), options.config))
  const note = noteIn(folder)
  if (options.json) printJson(note, 2)
  else printLine(noteText(note))
  if (standsStill(note)) process.exitCode = STANDS_STILL
}

function noteIn(folder: string): AgentNote {
  let note: AgentNote
  try {
    note = readNote(folder)
  } catch (error) {
    throw new PerwattError(
      'no-agent',
      `no agent has written its status in ${folder} (${reasonOf(error)}); start it, or run this as its user`,
    )
  }
  const ageMs = Date.now() - note.atMs
  if (Math.abs(ageMs) > OLD_MS)
    throw new PerwattError(
      'no-agent',
      `the last status in ${folder} is of ${new Date(note.atMs).toISOString()}: the agent does not run, or its clock was set; look at its log`,
    )
  return note
}

const standsStill = ({ trouble, status: { spool, delivery } }: AgentNote): boolean =>
  delivery?.unansweredS !== undefined || (trouble !== undefined && (spool?.records ?? 0) > 0)

function noteText(note: AgentNote): string {
  const { site, agent, broker, trouble, devices, answering, status: told } = note
  const { spool, delivery, version } = told
  const oldest =
    spool?.oldestMs === undefined ? '' : `, the oldest of ${new Date(spool.oldestMs).toISOString()}`
  const lines = [
    `agent ${plain(agent)} of site ${plain(site)}, version ${plain(version)}`,
    `broker     ${plain(broker)}: ${trouble === undefined ? 'connected' : plain(trouble)}`,
    `devices    ${answering} of ${counted(devices, 'device')} answer`,
    `records    ${spool?.records ?? 0} wait${oldest}; ${spool?.lost ?? 0} lost; disk ${spool?.disk ?? 'ok'}`,
  ]
  const { limit, unansweredS, triedBytes, lateS, notStored, held } = delivery ?? {}
  if (limit)
    lines.push(
      `messages   one of ${limit.lostBytes} bytes was lost, ${limit.arrivedBytes} bytes arrive; raise the limit of the broker (Mosquitto: message_size_limit, max_packet_size)`,
    )
  if (lateS !== undefined)
    lines.push(
      `messages   the last one was acknowledged after ${lateS} s; look at the load and the disks of the computers of the broker and of the collector`,
    )
  if (unansweredS !== undefined && notStored !== undefined)
    lines.push(
      `STANDS STILL for ${unansweredS} s: the collector receives records and can’t store them: ${plain(notStored)}`,
    )
  else if (unansweredS !== undefined && held !== undefined)
    lines.push(
      `STANDS STILL for ${unansweredS} s: the collector receives records and does not take them yet: ${plain(held)}`,
    )
  else if (unansweredS !== undefined)
    lines.push(
      `STANDS STILL for ${unansweredS} s: nothing is acknowledged, not even a message of ${triedBytes} bytes`,
      `  check that the collector runs (perwatt-collector status), and that the broker lets this agent write ${topic(site, agent, 'intervals')} and read ${topic(site, agent, 'ack')}`,
    )
  return lines.join('\n')
}
