#!/bin/sh
# Runs a script of this repository under the Node that package.json pins, on whatever Node the machine has.
#   bootstrap.sh install | ci          npm, under the pinned Node (npm picks versions by the Node that runs it)
#   bootstrap.sh <script.mjs> [args]   installs what is missing, then runs the script
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"

npm_under_pinned_node() {
  version=$(sed -n 's/.*"node": "\([0-9][0-9.]*\)".*/\1/p' package.json | head -1)
  home="$root/.node/$version"
  if [ ! -x "$home/node_modules/.bin/node" ]; then
    echo "baton: installing Node $version (once)" >&2
    mkdir -p "$home"
    # The package fetches its binary in an install script, which newer npm runs only where that is allowed.
    echo '{ "private": true, "allowScripts": { "node": true } }' > "$home/package.json"
    npm install --prefix "$home" --no-save --no-package-lock --loglevel=error "node@$version" >&2
  fi
  # npm looks for the machine's settings (a registry, a proxy) beside the Node that runs it: name them before the change.
  settings=$(npm config get globalconfig)
  PATH="$home/node_modules/.bin:$PATH" npm_config_globalconfig="$settings" npm "$@"
  # npm writes the two lock files in no certain order; the stamp below says that they agree.
  touch node_modules/.package-lock.json
}

case "${1:-}" in
  '')
    echo "baton: bootstrap.sh wants 'install', 'ci' or the script to run" >&2
    exit 2
    ;;
  install | ci) npm_under_pinned_node "$@" ;;
  *)
    if [ ! -x node_modules/.bin/node ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
      echo "baton: installing packages (first start, or the lock file changed)" >&2
      npm_under_pinned_node ci --loglevel=error >&2
    fi
    PATH="$root/node_modules/.bin:$PATH" exec "$root/node_modules/.bin/node" "$@"
    ;;
esac
