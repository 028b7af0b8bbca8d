// The foot of the list, in one line: who I am, whether I am away, and a menu of everything else.

import { useState } from 'preact/hooks';
import type { Chat } from '../shared/core/chat';
import type { Presence, WireError } from '../shared/core/wire';
import { MenuIcon, WarningIcon } from '../shared/ui/icons';
import { LanguageSwitch } from '../shared/ui/LanguageSwitch';
import type { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { Menu } from '../shared/ui/Menu';
import { nameOf } from '../shared/ui/names';
import { Availability, AvailabilityNews } from './Availability';
import { accountWords, roleName } from './accountWords';
import { isTroubled } from './alerts/AlertsPanel';
import { alertWords } from './alerts/alertWords';
import { blockWords } from './blockWords';
import { consoleWords } from './consoleWords';
import { presenceWords } from './presenceWords';
import { repliesWords } from './repliesWords';
import { openPanel, type PanelName } from './route';
import { listShown } from './Shortcuts';
import { settingsWords } from './settings/settingsWords';

interface StaffProps {
  live: Live<Chat>;
  signOut: () => Promise<WireError | null>;
}

export function Staff({ live, signOut }: StaffProps) {
  const words = accountWords.value;
  const [problem, setProblem] = useState<WireError | null>(null);
  const chat = live.value;
  const agents = [...chat.agents.values()];
  const connected = chat.connection.phase === 'online';
  const mayReview = chat.me.role === 'supervisor' || chat.me.role === 'admin';
  return (
    <footer class="staff">
      <div class="self">
        {chat.welcomed && (
          <p>
            <span class="hidden">{words.signedInAs} </span>
            <bdi class="self-name" title={nameOf(chat.me, words)}>
              {nameOf(chat.me, words)}
            </bdi>
          </p>
        )}
        {chat.welcomed && <Availability live={live} />}
        <Menu
          label={
            <>
              <span class="hidden">{consoleWords.value.menu}</span>
              <MenuIcon />
              {chat.welcomed && isTroubled() && <Trouble />}
            </>
          }
        >
          {shut => (
            <>
              {chat.welcomed && (
                <>
                  <li class="menu-role">{roleName(chat.me.role)}</li>
                  {agents.length > 0 && (
                    <li>
                      <AgentsOnline agents={agents} connected={connected} />
                    </li>
                  )}
                  <PanelLink name="account" label={words.myAccount} chosen={shut} />
                  <PanelLink name="alerts" label={alertWords.value.alerts} chosen={shut} />
                  <PanelLink name="replies" label={repliesWords.value.savedReplies} chosen={shut} />
                  <PanelLink name="blocks" label={blockWords.value.blocks} chosen={shut} />
                  {mayReview && (
                    <li>
                      <a class="menu-item" href="/admin">
                        {words.review}
                      </a>
                    </li>
                  )}
                  {chat.me.role === 'admin' && (
                    <>
                      <PanelLink name="accounts" label={words.accounts} chosen={shut} />
                      <PanelLink
                        name="settings"
                        label={settingsWords.value.settings}
                        chosen={shut}
                      />
                    </>
                  )}
                </>
              )}
              {/* Before the button itself, which the other language replaces. */}
              <li class="menu-languages" onClickCapture={shut}>
                <LanguageSwitch />
              </li>
              <li>
                <button
                  type="button"
                  class="menu-item"
                  onClick={() => {
                    shut();
                    listShown.value = true;
                  }}
                >
                  {words.shortcuts}
                </button>
              </li>
              <li>
                <button
                  type="button"
                  class="menu-item"
                  onClick={async () => {
                    shut();
                    setProblem(await signOut());
                  }}
                >
                  {words.signOut}
                </button>
              </li>
            </>
          )}
        </Menu>
      </div>
      {chat.welcomed && <AvailabilityNews live={live} />}
      <p class="staff-problem" role="alert">
        {problem === null ? '' : locale.value.error(problem.code)}
      </p>
    </footer>
  );
}

/** Who else is there; folded, because it can be long. */
function AgentsOnline({ agents, connected }: { agents: readonly Presence[]; connected: boolean }) {
  const words = accountWords.value;
  return (
    <details class="agents-online">
      <summary>
        <span class={connected ? 'dot on' : 'dot'} aria-hidden="true" /> {words.agentsOnline} (
        {agents.length})
      </summary>
      <ul>
        {agents.map(agent => (
          <li key={agent.id}>
            <bdi>{nameOf(agent, words)}</bdi>
            {agent.away && <span class="mark away">{presenceWords.value.away}</span>}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Said at the button: who looks for what is wrong opens the menu then. */
function Trouble() {
  const { alertsTrouble } = alertWords.value;
  return (
    <span class="trouble" title={alertsTrouble}>
      <WarningIcon />
      <span class="hidden">{alertsTrouble}</span>
    </span>
  );
}

interface PanelLinkProps {
  name: PanelName;
  label: string;
  chosen: () => void;
}

function PanelLink({ name, label, chosen }: PanelLinkProps) {
  return (
    <li>
      <a
        class="menu-item"
        href={`#${name}`}
        aria-current={openPanel.value === name ? 'page' : undefined}
        onClick={chosen}
      >
        {label}
      </a>
    </li>
  );
}
