/** The Nexus client for browsers, and for Node: votes that count once, screens that never go back. */

/** The name of an act: a UUID that the client creates. */
export type Op = string;
export type Status = "draft" | "scheduled" | "open" | "closed";
export type Role = "host" | "voter" | "screen" | "presenter";
export type Outcome = "recorded" | "changed" | "unchanged" | "replayed" | "retracted";

/** One option; `votes_count` is null while counts are hidden. */
export interface Option {
  readonly id: number;
  readonly option_text: string;
  readonly position: number;
  readonly votes_count: number | null;
}

/** A poll's definition and status. Times are ISO 8601. */
export interface Poll {
  readonly id: number;
  /** Null in an event, which has the code. */
  readonly code: string | null;
  readonly question: string;
  readonly description: string;
  readonly category: number | null;
  readonly created_by: string;
  /** The event that it is part of, and its place in the run sheet, from 0; null if it stands alone. */
  readonly event: number | null;
  readonly position: number | null;
  readonly is_public: boolean;
  readonly status: Status;
  readonly opens_at: string | null;
  readonly expires_at: string | null;
  readonly closed_at: string | null;
  readonly max_choices: number;
  readonly votes_per_user: number;
  readonly allow_change: boolean;
  readonly allow_guests: boolean;
  readonly anonymous: boolean;
  readonly results: "live" | "after_vote" | "after_close" | "host";
  /** How screens draw the counts. */
  readonly chart: "bars" | "columns" | "donut";
  /** The order in which screens show the options. */
  readonly option_order: "position" | "votes";
  /** The language of the poll's texts, a BCP 47 tag; null if it is not known. */
  readonly language: string | null;
  readonly options: readonly Option[];
  readonly epoch: number;
  readonly version: number;
  /** When a text was last corrected while ballots of this round stood; null if it never was. */
  readonly corrected_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** An event, as REST shows it. Times are ISO 8601. */
export interface NexusEvent {
  readonly id: number;
  readonly code: string;
  readonly title: string;
  readonly description: string;
  /** Its owner, and its co-hosts. */
  readonly created_by: string;
  readonly hosts: readonly string[];
  readonly is_public: boolean;
  readonly allow_guests: boolean;
  /** The run sheet; drafts are in it for hosts and screens alone, until they have been shown. */
  readonly polls: readonly { readonly id: number; readonly question: string; readonly status: Status }[];
  /** How many polls the run sheet has, drafts too: a poll is number `position + 1` of them. */
  readonly polls_count: number;
  /** The poll that everybody is shown; null for none. */
  readonly shown: number | null;
  /** Grows with every change of what followers are shown. */
  readonly revision: number;
  readonly created_at: string;
  readonly updated_at: string;
}

/** All counts of one poll at one `(epoch, version)`. */
export interface Totals {
  readonly poll: number;
  readonly epoch: number;
  readonly version: number;
  readonly status: Status;
  readonly visibility: "full" | "turnout";
  readonly final: boolean;
  readonly voters: number;
  readonly total_votes: number;
  readonly options: readonly { readonly id: number; readonly votes_count: number | null }[];
  readonly server_now: string;
}

/** One of this voter's ballots that count. */
export interface Ballot {
  readonly op: Op;
  readonly options: readonly number[];
  readonly cast_at: string;
}

/** The answer to a vote or retraction: it has committed. */
export interface Receipt {
  readonly op: Op;
  readonly poll: number;
  readonly status: Outcome;
  readonly epoch: number;
  readonly version: number;
  readonly stands: boolean;
}

/** A vote or retraction created here; `made` is in ms since 1970. */
export interface Act {
  readonly op: Op;
  readonly kind: "vote" | "retract";
  readonly poll: number;
  readonly options?: readonly number[];
  readonly ballot?: Op;
  readonly epoch?: number;
  readonly made: number;
}

/** The state of the connection; `at` is the time of the next attempt, in ms by this machine's clock. */
export type State =
  | { readonly name: "connecting" }
  | { readonly name: "open"; readonly via: "socket" | "http" }
  | { readonly name: "waiting"; readonly at: number; readonly error?: Error }
  | { readonly name: "closed"; readonly reason: string; readonly code?: number | string; readonly error: Error };

/** Any failure of the client. */
export class NexusError extends Error {}
/** A field of a request, such as `options[1].option_text`, and what is wrong with it. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}
/** The server refused, and the act left no trace; `status` is 0 if the answer came by the socket. */
export class Refused extends NexusError {
  readonly code: string;
  readonly detail: string;
  readonly status: number;
  readonly afterMs: number;
  /** The fields that break a rule; empty if the server names none. */
  readonly errors: readonly FieldError[];
  constructor(code: string, detail: string, more?: { status?: number; afterMs?: number; errors?: readonly FieldError[] });
}
/** The server could not be reached, or did not answer in time, but may later. */
export class Unreachable extends NexusError {
  /** The contract's, if the server sent one. */
  readonly code: string | null;
  readonly afterMs: number;
  constructor(message: string, more?: { code?: string | null; afterMs?: number; cause?: unknown });
}
/** The server asks this client not to come back until something has changed; `code` is the close code. */
export class TurnedAway extends NexusError {
  readonly code: number;
  readonly reason: string;
  constructor(code: number, reason: string);
}
/** The client was closed while a caller was still waiting for it. */
export class Closed extends NexusError {}
/** Too many votes are waiting for an answer; no more are accepted. */
export class Busy extends NexusError {}
/** The client ended before this act was answered; the next one with the same storage sends it again. */
export class Unsettled extends NexusError {
  readonly poll: number;
  readonly op: Op;
  constructor(poll: number, op: Op, cause?: unknown);
}

/** The part of localStorage that is used. */
export interface StorageLike {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}
/** Where something is kept: "device" is localStorage, which all tabs share; "tab" is sessionStorage, which ends with its
 * tab. What the browser does not store is kept in memory, as long as the page. */
export type Keeping = "device" | "tab" | StorageLike;
/** Whether what is kept there outlasts the page: false where the browser blocks it, or has no room. */
export function lasts(storage?: Keeping): boolean;
/** A storage that lasts as long as the page. */
export class MemoryStorage implements StorageLike {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The part of WebSocket that is used. */
export interface SocketLike {
  addEventListener(name: string, listener: (event: any) => void): void;
  removeEventListener(name: string, listener: (event: any) => void): void;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** Returns an access token other than `earlier`, which is undefined for the first. */
export type TokenSource = (earlier?: string) => Promise<string>;

export interface ConnectOptions {
  /** The server's http or https address, with its path if it has one. */
  url: string;
  /** An access token, or a function that returns one. */
  token: string | TokenSource;
  /** Returns a newer token, for a `token` that is a string. */
  renew?: TokenSource;
  /** Keeps unanswered votes; by default "device". */
  storage?: Keeping;
  WebSocket?: new (url: string, protocol: string) => SocketLike;
  fetch?: typeof fetch;
}

/** Connect to a server and stay connected; returns a client at once. Throws TypeError for invalid arguments. */
export function connect(options: ConnectOptions): Client;

export interface ClientEvents {
  state: State;
  settled: { readonly act: Act; readonly receipt: Receipt | null; readonly error: Refused | null };
  error: Error;
}

/** A connection to a server; `connect` creates it. */
export class Client {
  private constructor();
  readonly state: State;
  /** Such as `user:12`; null until the server has said so. */
  readonly voter: string | null;
  /** Votes and retractions without an answer, oldest first. */
  readonly pending: readonly Act[];
  /** The server's clock, in ms since 1970. */
  now(): number;
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void;
  /** Enter a room by the poll's id (a number) or code (a string). One that shows the poll to others enters it `as` a
   * screen, and is not among those who are counted as online. */
  join(poll: number | string, options?: { as?: "screen" }): Promise<Room>;
  /** Enter what a code stands for: a poll or an event, which `place.event` tells apart. A number is the id of an event. */
  enter(code: string, options?: { as?: "screen" }): Promise<Room | EventRoom>;
  enter(event: number, options?: { as?: "screen" }): Promise<EventRoom>;
  /** Call the REST interface with this client's token; returns the body of the answer. */
  call<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer>;
  close(): void;
}

export interface RoomEvents {
  totals: Totals;
  poll: Poll;
  presence: number;
  votes: readonly Ballot[];
  deleted: number;
}

/** A poll that is watched; `client.join` returns it. What it shows never goes back. */
export class Room {
  private constructor();
  readonly id: number;
  /** What an `EventRoom` has. */
  readonly event?: undefined;
  readonly poll: Poll;
  readonly totals: Totals;
  readonly me: readonly Ballot[];
  readonly role: Role;
  /** How many voters are watching, hosts and screens not counted; null until the server has said so. */
  readonly online: number | null;
  on<Name extends keyof RoomEvents>(name: Name, listener: (event: RoomEvents[Name]) => void): () => void;
  /** Vote for one option or several; resolves once the vote has committed. */
  vote(options: number | readonly number[]): Promise<Receipt>;
  /** Withdraw this voter's ballots, or the one whose op is `ballot`. */
  retract(ballot?: Op): Promise<Receipt>;
  /** Read everything again, this voter's ballots too. */
  refresh(): Promise<void>;
  /** Stop watching: no event comes after this, unless an event is followed that shows this poll. */
  leave(): void;
}

export interface EventRoomEvents {
  /** Each newer revision: another poll is shown, or the event has changed. */
  shown: { readonly event: NexusEvent; readonly room: Room | null };
  presence: number;
  deleted: number;
}

/** An event that is followed; `client.enter` returns it. What it shows never goes back. */
export interface EventRoom {
  readonly id: number;
  readonly event: NexusEvent;
  /** The room of the poll that is shown, or null; the same object for as long as that poll is shown. A room that the event
   * has left behind says nothing more; votes in it that are under way are still answered. */
  readonly room: Room | null;
  readonly role: Role;
  /** How many voters follow, hosts and screens not counted; null until the server has said so. */
  readonly online: number | null;
  on<Name extends keyof EventRoomEvents>(name: Name, listener: (event: EventRoomEvents[Name]) => void): () => void;
  leave(): void;
}

export interface Server {
  url: string;
  /** By default "device". */
  storage?: Keeping;
  fetch?: typeof fetch;
}

/** Enter a poll or an event by its code, without an account; `token` is for `connect`. `event` is null for a poll; of an
 * event `poll` is what it showed when the token was made, or null. */
export function enter(
  options: Server & { code: string },
): Promise<{ poll: number; event: null; voter: string; token: TokenSource } | EventGuest>;
export interface EventGuest {
  poll: number | null;
  event: number;
  voter: string;
  token: TokenSource;
}
/** Wait until the poll of a code can be seen: one that is a draft or scheduled can't be yet. It stays connected through
 * outages, and asks over HTTP where no WebSocket opens. `waiting` is called with true once the server has said that one has
 * to wait, and with false while it can't be reached. Rejects with `Refused` (`poll_not_found`, …), or with the reason of
 * `signal` if that aborts. */
export function waitFor(options: {
  url: string;
  code: string;
  signal?: AbortSignal;
  waiting?: (reached: boolean) => void;
  WebSocket?: new (url: string, protocol: string) => SocketLike;
  fetch?: typeof fetch;
}): Promise<void>;
/** Use a pairing code up; `token` is for `connect`, and holds for the poll `poll` alone. */
export function pair(options: {
  url: string;
  code: string;
  fetch?: typeof fetch;
}): Promise<{ token: string; role: "screen" | "presenter"; poll: number; code: string }>;
/** Create an account. */
export function register(
  options: Server & { username: string; password: string; email?: string },
): Promise<{ id: number; username: string; roles: string[] }>;
/** Log in; the login stays in the storage: in all tabs until it is ended, or with "tab" until the tab is closed. */
export function login(options: Server & { username: string; password: string }): Promise<Session>;
/** Whom an invitation is for, and until when it can be used. */
export function readInvitation(options: Server & { token: string }): Promise<{ username: string; expires_at: string }>;
/** Choose the password of an account with the token of its invitation, and log in. */
export function acceptInvitation(options: Server & { token: string; password: string }): Promise<Session>;
/** Log in with the code in the address of a page to which an OpenID provider has sent the browser back; as `login`. */
export function redeem(options: Server & { code: string }): Promise<Session>;
/** The login in the storage, by default the one of this tab, else of this device; or null. */
export function session(options: Server): Session | null;

/** A login; `token` is for `connect`. */
export class Session {
  private constructor();
  readonly token: TokenSource;
  /** Resolves once the login has ended: here, in another tab, or on the server. */
  readonly ended: Promise<void>;
  /** End the login, on the server and in all tabs that share it. */
  logout(): Promise<void>;
}

/** A new op: a UUID of version 7. */
export function newOp(now?: number): Op;

/** Whether `totals` should replace `shown`: by round, then version, then full before turnout. */
export function isNewer(totals: Totals, shown: Totals | null): boolean;
