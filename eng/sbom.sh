#!/bin/bash
# Writes the bill of materials (CycloneDX, JSON) of each package beside its project, from what is locked there. Run it after a dependency changed:
# tests/MfpClip.Packages.Tests/BillOfMaterialsTests.cs compares both. The tool: dotnet tool install CycloneDX --version 6.3.1 --tool-path FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
tool=${1:?the folder of the tool}/dotnet-CycloneDX
for project in src/*/*.csproj; do
  name=$(basename "$project" .csproj)
  "$tool" "$project" --disable-package-restore --base-intermediate-output-path artifacts/obj --output "$(dirname "$project")" --filename bom.json \
    --output-format Json --spec-version 1.6 --no-serial-number --exclude-dev --set-name "$name" --set-version 0.1.0 --set-type Library
  # The time of writing says nothing, and would change every file.
  sed -i -E '/"timestamp":/d' "$(dirname "$project")/bom.json"
done
