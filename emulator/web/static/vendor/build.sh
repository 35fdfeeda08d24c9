#!/bin/sh
# Builds editor.js and brings htmx.min.js, each with its licence, into this folder. Needs npm; used when they are updated.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
cd "$work"
npm init -y >/dev/null
npm install --no-audit --no-fund htmx.org@2.0.11 codemirror@6 @codemirror/lang-json@6 @codemirror/lang-yaml@6 \
  @codemirror/autocomplete@6 @codemirror/lint@6 esbuild@0.28
node node_modules/esbuild/install.js
cat > editor.js <<'END'
export { basicSetup, EditorView } from "codemirror";
export { EditorState, Compartment } from "@codemirror/state";
export { json } from "@codemirror/lang-json";
export { yaml } from "@codemirror/lang-yaml";
export { autocompletion } from "@codemirror/autocomplete";
export { lintGutter, setDiagnostics } from "@codemirror/lint";
export { syntaxHighlighting } from "@codemirror/language";
export { classHighlighter } from "@lezer/highlight";
END
node_modules/.bin/esbuild editor.js --bundle --minify --format=esm --outfile="$here/editor.js"
cp node_modules/codemirror/LICENSE "$here/editor.LICENSE"
cp node_modules/htmx.org/dist/htmx.min.js "$here/htmx.min.js"
cp node_modules/htmx.org/LICENSE "$here/htmx.LICENSE"
rm -r "$work"
