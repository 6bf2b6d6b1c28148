// Pages of polls in whole. The server ends a page early where its polls are very long, and `next` leads to the rest of it.

/** The answer of `/polls/?query`, with the results of all parts of that page. */
export async function wholePage(server, query) {
  const page = await server.call("GET", `/polls/?${query}`);
  let skip = skipOf(page);
  while (skip) {
    const part = await server.call("GET", `/polls/?${query}&skip=${skip}`);
    page.results.push(...part.results);
    skip = skipOf(part);
  }
  return page;
}

const skipOf = ({ next }) => next && new URL(next).searchParams.get("skip");
