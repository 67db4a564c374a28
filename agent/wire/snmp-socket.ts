import { createSocket, type RemoteInfo, type Socket, type SocketType } from 'node:dgram'

type Message = (bytes: Buffer, from: RemoteInfo) => void

/**
 * What net-snmp takes for `node:dgram`: its sockets hear only the asked port, and what they can't digest is dropped. The
 * library throws inside its listener at some garbled answers, which would end the agent.
 */
export const guardedDgram = (port: number) => ({
  createSocket(type: SocketType): Socket {
    const socket = createSocket(type)
    const on = socket.on.bind(socket)
    const guarded =
      (listener: Message): Message =>
      (bytes, from) => {
        if (from.port !== port) return
        try {
          listener(bytes, from)
        } catch {
          // as if it had been lost on the way: the request is sent again, or times out
        }
      }
    socket.on = ((event: string, listener: Message) =>
      on(event, event === 'message' ? guarded(listener) : listener)) as Socket['on']
    return socket
  },
})
