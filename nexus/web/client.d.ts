/** The Nexus client for browsers, and for Node: votes that count once, screens that never go back. */

/** An act's name: a UUID that the client makes. */
export type Op = string;
export type Status = "draft" | "scheduled" | "open" | "closed";
export type Role = "host" | "voter" | "screen";
export type Outcome = "recorded" | "changed" | "unchanged" | "replayed" | "retracted";

/** One possible answer; `votes_count` is null where counts are hidden. */
export interface Option {
  readonly id: number;
  readonly option_text: string;
  readonly position: number;
  readonly votes_count: number | null;
}

/** A poll's definition and status. Times are ISO 8601. */
export interface Poll {
  readonly id: number;
  readonly code: string;
  readonly question: string;
  readonly description: string;
  readonly category: number | null;
  readonly created_by: string;
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
  readonly options: readonly Option[];
  readonly epoch: number;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

/** The whole counts of one poll at one place, `(epoch, version)`, in the order of totals. */
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

/** One of the own ballots that stand. */
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

/** A vote or retraction that was made here; `made` is in ms since 1970. */
export interface Act {
  readonly op: Op;
  readonly kind: "vote" | "retract";
  readonly poll: number;
  readonly options?: readonly number[];
  readonly ballot?: Op;
  readonly epoch?: number;
  readonly made: number;
}

/** Where the connection stands; `at` is the time of the next attempt, in ms by this machine's clock. */
export type State =
  | { readonly name: "connecting" }
  | { readonly name: "open"; readonly via: "socket" | "http" }
  | { readonly name: "waiting"; readonly at: number; readonly error?: Error }
  | { readonly name: "closed"; readonly reason: string; readonly code?: number | string; readonly error: Error };

/** Anything the client cannot do. */
export class NexusError extends Error {}
/** A field of a request, such as `options[1].option_text`, and what is wrong with it. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}
/** The server said no, and the act left no trace; `status` is 0 where the answer came by the socket. */
export class Refused extends NexusError {
  readonly code: string;
  readonly detail: string;
  readonly status: number;
  readonly afterMs: number;
  /** The fields that break a rule; empty where the server names none. */
  readonly errors: readonly FieldError[];
  constructor(code: string, detail: string, more?: { status?: number; afterMs?: number; errors?: readonly FieldError[] });
}
/** The server could not be reached, or did not answer in time. It may later. */
export class Unreachable extends NexusError {
  /** The contract's, where the server said one. */
  readonly code: string | null;
  readonly afterMs: number;
  constructor(message: string, more?: { code?: string | null; afterMs?: number; cause?: unknown });
}
/** The server does not want this client back until something has changed; `code` is the close code. */
export class TurnedAway extends NexusError {
  readonly code: number;
  readonly reason: string;
  constructor(code: number, reason: string);
}
/** The client was closed while something still waited for it. */
export class Closed extends NexusError {}
/** So many votes wait for their answer that no more are taken. */
export class Busy extends NexusError {}
/** The client ended before this act was answered; the next one with the same storage sends it again. */
export class Unsettled extends NexusError {
  readonly poll: number;
  readonly op: Op;
  constructor(poll: number, op: Op, cause?: unknown);
}

/** What is needed of localStorage. */
export interface StorageLike {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}
/** A storage that lasts as long as the page. */
export class MemoryStorage implements StorageLike {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** What is needed of WebSocket. */
export interface SocketLike {
  addEventListener(name: string, listener: (event: any) => void): void;
  removeEventListener(name: string, listener: (event: any) => void): void;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** Gives an access token, another one than `earlier`, which is undefined for the first. */
export type TokenSource = (earlier?: string) => Promise<string>;

export interface ConnectOptions {
  /** The server's http or https origin. */
  url: string;
  /** An access token, or what gives one. */
  token: string | TokenSource;
  /** Gives a newer token for a `token` that is a string. */
  renew?: TokenSource;
  /** Keeps unanswered votes; localStorage where there is one. */
  storage?: StorageLike;
  WebSocket?: new (url: string, protocol: string) => SocketLike;
  fetch?: typeof fetch;
}

/** Connect to a server and stay connected; gives a client at once. Throws TypeError for what cannot work. */
export function connect(options: ConnectOptions): Client;

export interface ClientEvents {
  state: State;
  settled: { readonly act: Act; readonly receipt: Receipt | null; readonly error: Refused | null };
  error: Error;
}

/** A connection to a server; `connect` makes it. */
export class Client {
  private constructor();
  readonly state: State;
  /** Such as `user:12`; null before the server has said. */
  readonly voter: string | null;
  /** Votes and retractions without an answer, oldest first. */
  readonly pending: readonly Act[];
  /** The server's clock, in ms since 1970. */
  now(): number;
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void;
  /** Enter a room by the poll's id (a number) or code (a string). */
  join(poll: number | string): Promise<Room>;
  /** One call of the REST interface with this client's token: the body of its answer. */
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

/** A poll that is watched; `client.join` gives it. What it shows never goes back. */
export class Room {
  private constructor();
  readonly id: number;
  readonly poll: Poll;
  readonly totals: Totals;
  readonly me: readonly Ballot[];
  readonly role: Role;
  /** How many watch; null before that was said. */
  readonly online: number | null;
  on<Name extends keyof RoomEvents>(name: Name, listener: (event: RoomEvents[Name]) => void): () => void;
  /** Vote for one option or several; resolves once the vote has committed. */
  vote(options: number | readonly number[]): Promise<Receipt>;
  /** Take back the own ballots, or the one whose op is `ballot`. */
  retract(ballot?: Op): Promise<Receipt>;
  /** Read everything anew, the own ballots too. */
  refresh(): Promise<void>;
  leave(): void;
}

export interface Server {
  url: string;
  storage?: StorageLike;
  fetch?: typeof fetch;
}

/** Enter a poll by its code, without an account; `token` is for `connect`. */
export function enter(options: Server & { code: string }): Promise<{ poll: number; voter: string; token: TokenSource }>;
/** Make an account. */
export function register(
  options: Server & { username: string; password: string; email?: string },
): Promise<{ id: number; username: string; roles: string[] }>;
/** Log in; the login stays in the storage. */
export function login(options: Server & { username: string; password: string }): Promise<Session>;
/** The login that the storage holds, or null. */
export function session(options: Server): Session | null;

/** A login; `token` is for `connect`. */
export class Session {
  private constructor();
  readonly token: TokenSource;
  /** End the login, here and on the server. */
  logout(): Promise<void>;
}

/** A new op: a UUID of version 7. */
export function newOp(now?: number): Op;

/** Whether `totals` are to be shown where `shown` are: by round, version, and full before turnout. */
export function isNewer(totals: Totals, shown: Totals | null): boolean;
