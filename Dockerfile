# The command line, built from these sources into its package, installed from the feed and run by a user who is not root:
#   docker build -t mfpclip .
#   docker run --rm --cpus 2 -v "$PWD/photos:/data/photos:ro" -v "$PWD/results:/data/results" mfpclip detect photos --out results
# docs/packages.md says more.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
COPY Directory.Build.props Directory.Packages.props global.json nuget.config LICENSE NOTICE ./
COPY eng eng
COPY feed feed
COPY src src
COPY samples samples
RUN dotnet pack samples/MfpClip.Cli -c Release -p:ToolPackageRuntimeIdentifiers=linux-x64
# The first start unpacks libtorch beside the program: here, so that the image can run on a read-only file system. It fails if the library does not load.
RUN dotnet tool install MfpClip.Cli --tool-path /opt/mfpclip --add-source feed \
    && /opt/mfpclip/mfpclip check \
    && find /opt/mfpclip -name '*.nupkg' -delete && find /opt/mfpclip -name '*.so.br' -delete

FROM mcr.microsoft.com/dotnet/runtime:10.0
COPY --from=build /opt/mfpclip /opt/mfpclip
WORKDIR /data
USER $APP_UID
ENTRYPOINT ["/opt/mfpclip/mfpclip"]
