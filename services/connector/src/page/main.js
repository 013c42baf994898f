import { createChat } from './chat.js'
import { currentSession, endSession, forgetSession, logIn, ownThisTab, post } from './session.js'
import { byId, showScreen } from './view.js'

/** Wires the forms and buttons to a chat, and the chat to a login. */

let chat

const begin = (user) => {
  byId('me').textContent = user.displayName
  byId('login-problem').textContent = ''
  showScreen('chat')
  chat = createChat({ user, onEnded: end })
  chat.draw()
  chat.start()
}

const end = (sentence) => {
  chat?.stop()
  chat?.open(undefined)
  chat?.clear()
  chat = undefined
  forgetSession()
  showScreen('welcome')
  byId('login-problem').textContent = sentence
}

/** Runs what a form asks for; its button waits, its problem is shown. */
const onSubmit = (formId, problemId, run) => {
  const form = byId(formId)
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const button = event.submitter ?? form.querySelector('button')
    await showing(problemId, button, () => run(new FormData(form), button.value, form))
  })
}

const showing = async (problemId, button, run) => {
  byId(problemId).textContent = ''
  button.disabled = true
  try {
    await run()
  } catch (error) {
    byId(problemId).textContent = error.code === undefined ? 'The server cannot be reached.' : error.message
  } finally {
    button.disabled = false
  }
}

const onClick = (id, run) =>
  byId(id).addEventListener('click', ({ currentTarget }) => showing('compose-problem', currentTarget, run))

onSubmit('login', 'login-problem', async (data, action, form) => {
  const name = data.get('name')
  const password = data.get('password')
  if (action === 'register') await post('v1/users', { name, password })
  const { user } = await logIn(name, password)
  form.reset()
  begin(user)
})

onSubmit('start', 'side-problem', async (data, action, form) => {
  const name = data.get('name')
  await (action === 'join' ? chat.join(name) : chat.talkWith(name))
  form.reset()
})

onSubmit('create', 'side-problem', async (data, _, form) => {
  const members = data
    .get('members')
    .split(',')
    .flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))
  await chat.create({ title: data.get('title'), name: data.get('name'), members })
  form.reset()
  byId('new-group').open = false
})

const compose = byId('compose')
compose.addEventListener('submit', (event) => {
  event.preventDefault()
  const { text } = compose.elements
  if (text.value.trim() === '') return
  chat.sendText(text.value)
  compose.reset()
  text.focus()
})
compose.elements.text.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  compose.requestSubmit()
})

onClick('back', () => chat.open(undefined))
onClick('earlier', () => chat.earlier())
onClick('leave', () => chat.leave())
onClick('members-button', async () => {
  const isOpening = byId('members').hidden
  if (isOpening) await chat.showMembers()
  byId('members').hidden = !isOpening
  byId('members-button').setAttribute('aria-expanded', String(isOpening))
})
onClick('logout', async () => {
  chat.stop()
  // Offline or ended already: this tab forgets the login all the same.
  await endSession().catch(() => {})
  end('')
})
addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && chat !== undefined) chat.open(undefined)
})
document.addEventListener('visibilitychange', () => chat?.draw())

await ownThisTab()
const session = currentSession()
if (session === null) showScreen('welcome')
else begin(session.user)
