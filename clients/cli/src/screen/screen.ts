import { type Client, createMessageIds } from '@chat/sdk'
import type { Context } from '../command.ts'
import { createNames } from '../names.ts'
import { closedExit, createLiveClient } from '../shell/live.ts'
import type { Shell } from '../shell/shell.ts'
import { safeLine } from '../text/safe-text.ts'
import { createStyle } from '../text/style.ts'
import { layOut } from './layout.ts'
import { createLiveAsking } from './live-asking.ts'
import { createOnlookers } from './onlookers.ts'
import { createPainter } from './painter.ts'
import { createPictures } from './pictures.ts'
import { type Effect, initialState, opened, pressed, type ScreenState, type Step } from './screen-state.ts'
import { createSlashRunner } from './slash-runner.ts'
import type { Terminal } from './terminal.ts'

/** The screen is drawn at most so often, ms. */
const paintEveryMs = 30
/** Faults that are told at the end. */
const faultsMax = 10

/** Everything on one screen, until the person leaves. Throws Exit when nobody is logged in, or the connection will not come back. */
export const runScreen = async (shell: Shell, terminal: Terminal): Promise<void> => {
  const faults: unknown[] = []
  // Told when the screen is given back: nothing else may write to it.
  const client = await createLiveClient(shell, (error) => faults.length < faultsMax && faults.push(error))
  terminal.open()
  try {
    await untilLeft(shell, client, terminal)
  } finally {
    terminal.close()
    await client.close()
    for (const fault of faults) shell.note(safeLine(String(fault)))
  }
}

type Sources = ReturnType<typeof createSources>

const createSources = ({ surroundings, url }: Shell, client: Client) => {
  const { clock, random } = surroundings
  const asking = createLiveAsking(client, createMessageIds(clock, random))
  const names = createNames(asking)
  const onlookers = createOnlookers(client, clock)
  const pictures = createPictures({ client, names, onlookers, url, nowMs: clock.now })
  return { clock, asking, names, onlookers, pictures }
}

const untilLeft = async (shell: Shell, client: Client, terminal: Terminal): Promise<void> => {
  const { stopped } = shell.surroundings
  const sources = createSources(shell, client)
  const left = Promise.withResolvers<void>()
  const screen = createScreen(client, terminal, sources, { hasColours: shell.hasColours, ...left })
  const offs = [...listen(client, terminal, screen, left.reject), sources.onlookers.onChange(screen.soon)]
  const stop = () => left.resolve()
  stopped.addEventListener('abort', stop)
  screen.soon()
  client.connect().then(screen.soon, left.reject)
  try {
    await left.promise
  } finally {
    stopped.removeEventListener('abort', stop)
    screen.stop()
    sources.onlookers.stop()
    for (const off of offs) off()
  }
}

type Screen = ReturnType<typeof createScreen>

const listen = (client: Client, terminal: Terminal, screen: Screen, fail: (error: unknown) => void) => [
  terminal.onKey(screen.press),
  terminal.onResize(screen.redraw),
  client.on('change', screen.changed),
  client.on('failed', ({ code, message }) => screen.say(`not sent: ${code}: ${message}`, true)),
  client.on('notice', ({ message }) => screen.say(message, false)),
  client.on('state', ({ status }) => {
    if (status === 'closed') fail(closedExit(client))
    screen.soon()
  }),
]

interface Leaving {
  readonly hasColours: boolean
  resolve(): void
  reject(error: unknown): void
}

/** Holds the state, draws it, and does what it asks for. */
const createScreen = (client: Client, terminal: Terminal, sources: Sources, leaving: Leaving) => {
  const { clock, names, pictures } = sources
  const painter = createPainter()
  const style = createStyle(leaving.hasColours)
  let state: ScreenState = initialState
  let around = { rows: 1, scrollMax: 0 }
  let cancelPaint: (() => void) | undefined

  const paint = () => {
    cancelPaint = undefined
    const layout = layOut(pictures.model(state), terminal.size(), style)
    around = layout
    terminal.write(painter.paint(layout.frame))
    const unknown = pictures.unknownUsers(state)
    if (unknown.length > 0) names.lookUp(unknown).then(soon, leaving.reject)
  }
  const soon = () => {
    cancelPaint ??= clock.after(paintEveryMs, paint)
  }
  const put = (next: ScreenState) => {
    state = next
    soon()
  }
  const say = (text: string, isError: boolean) => put({ ...state, said: { text: safeLine(text), isError } })
  const apply = (step: Step) => {
    put(step.state)
    for (const effect of step.effects) perform(effect)
  }
  const redraw = () => {
    painter.forget()
    soon()
  }
  const changed = () => {
    pictures.markRead(state)
    soon()
  }
  const quit = createQuit(() => pictures.unsent(), say, leaving.resolve)
  const run = createSlashRunner({
    context: () => contextOf(client, sources, state),
    ...{ say, quit, fail: leaving.reject },
    show: (title, lines) => put({ ...state, panel: { title: safeLine(title), lines, scroll: 0 } }),
    open: (conversation) => apply(opened(state, conversation)),
    discard: () => pictures.discard(state),
  })
  const perform = createPerformer(client, sources, { say, redraw, quit, run, changed })

  return {
    ...{ soon, say, redraw, changed },
    press: (key: Parameters<typeof pressed>[1]) => apply(pressed(state, key, { ...around, listed: pictures.listed() })),
    stop: () => cancelPaint?.(),
  }
}

interface Doing {
  say(text: string, isError: boolean): void
  redraw(): void
  quit(): void
  run(line: string): Promise<void>
  changed(): void
}

const createPerformer =
  (client: Client, { onlookers }: Sources, { say, redraw, quit, run, changed }: Doing) =>
  (effect: Effect): void => {
    switch (effect.type) {
      case 'send':
        try {
          client.conversation(effect.conversation).send(effect.text)
        } catch (error) {
          say(error instanceof Error ? error.message : String(error), true)
        }
        break
      case 'command':
        void run(effect.line) // It says by itself what went wrong.
        break
      case 'opened':
        changed()
        break
      case 'typing':
        onlookers.type(effect.conversation)
        break
      case 'earlier':
        client
          .conversation(effect.conversation)
          .loadEarlier()
          .catch(() => say('there is no connection', true))
        break
      case 'redraw':
        redraw()
        break
      case 'quit':
        quit()
        break
    }
  }

/** Leaves at once, or the second time while messages are unsent: they would be lost. */
const createQuit = (unsent: () => number, say: (text: string, isError: boolean) => void, leave: () => void) => {
  let isTold = false
  return () => {
    const count = unsent()
    if (count === 0 || isTold) return leave()
    isTold = true
    say(`not sent yet: ${count}; once more leaves without them`, true)
  }
}

const contextOf = (
  client: Client,
  { asking, names, clock, onlookers }: Sources,
  { open }: ScreenState,
): Omit<Context, 'print' | 'note'> => {
  const me = client.user
  if (me === undefined) throw closedExit(client)
  return {
    ...{ me, asking, names, clock, style: createStyle(false), presence: onlookers.ask },
    ...(open === undefined ? {} : { current: open }),
  }
}
