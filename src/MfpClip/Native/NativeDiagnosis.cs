using System.Runtime.InteropServices;
using System.Text.Json;

namespace MfpClip.Native;

/// <summary>What is known about the native set-up before anything is loaded.</summary>
/// <param name="Backends">Backend packages the application references ("cpu", "cuda-12.8"), from its deps.json.</param>
/// <param name="BridgeFound">Whether TorchSharp's own native library lies where it is looked for.</param>
/// <param name="TorchFound">Whether libtorch lies where it is looked for.</param>
/// <param name="LoaderError">The loader's words about TorchSharp's library; null if it loads or is absent.</param>
/// <param name="RepairEnabled">Whether the repair may run.</param>
/// <param name="RepairFailure">Why the repair failed; null if it did not.</param>
internal sealed record NativeFacts(
    IReadOnlyList<string> Backends, bool BridgeFound, bool TorchFound, string? LoaderError, bool RepairEnabled, string? RepairFailure)
{
    /// <summary>Name of libtorch's main library on this system.</summary>
    public static string TorchFile => OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so";

    private static string BridgeFile =>
        OperatingSystem.IsWindows() ? "LibTorchSharp.dll" : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so";

    /// <summary>Looks. Never throws.</summary>
    public static NativeFacts Gather()
    {
        string? bridge = NativeFiles.Find(BridgeFile);
        return new(
            ReferencedBackends(), bridge is not null, NativeFiles.Find(TorchFile) is not null,
            bridge is null ? null : NativeBackend.LoadError(bridge), NativeBackend.IsEnabled, NativeBackend.RepairFailure?.Message);
    }

    private static List<string> ReferencedBackends()
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (string path in (AppContext.GetData("APP_CONTEXT_DEPS_FILES") as string ?? string.Empty).Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                using var document = JsonDocument.Parse(File.ReadAllText(path));
                foreach (var library in document.RootElement.GetProperty("libraries").EnumerateObject())
                {
                    string name = library.Name.Split('/')[0].ToLowerInvariant();
                    if (name.StartsWith("libtorch-cpu", StringComparison.Ordinal) || name.StartsWith("libtorch-cuda", StringComparison.Ordinal))
                    {
                        string[] words = name.Split('-');
                        found.Add(words[1] == "cuda" && words.Length > 2 ? $"cuda-{words[2]}" : words[1]);
                    }
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
            {
                // A single-file application has no deps.json on disk: then this check has nothing to say.
            }
        }

        return [.. found.Order(StringComparer.Ordinal)];
    }
}

/// <summary>Turns facts about the native set-up into words a user can act on.</summary>
internal static class NativeDiagnosis
{
    /// <summary>Reasons why it does not load, most likely first; at least one.</summary>
    public static IReadOnlyList<string> LoadFailures(NativeFacts facts, string torchSharpSays)
    {
        var problems = new List<string>();
        if (!facts.TorchFound)
        {
            problems.Add("No libtorch was found beside the application: the library does not bring one, the application chooses it. Add one "
                + "package to the application: "
                + "libtorch-cpu-linux-x64, libtorch-cpu-win-x64, libtorch-cpu-osx-arm64, or a libtorch-cuda one ('dotnet add package libtorch-cpu-linux-x64 "
                    + "--version 2.10.0').");
        }

        if (!facts.BridgeFound)
        {
            problems.Add("TorchSharp's native library (LibTorchSharp) was not found beside the application. Build or publish the application for this system's "
                + "runtime identifier.");
        }

        if (facts.LoaderError is { } error)
        {
            problems.AddRange(ExplainLoader(facts, error));
        }

        if (RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64))
        {
            problems.Add($"libtorch exists for 64-bit processes only; this one is {RuntimeInformation.ProcessArchitecture}.");
        }

        return problems.Count > 0 ? problems : [$"TorchSharp says: {torchSharpSays}"];
    }

    /// <summary>What is wrong even where it loads.</summary>
    public static IEnumerable<string> Warnings(NativeFacts facts)
    {
        if (facts.Backends.Count > 1)
        {
            yield return $"The application references {facts.Backends.Count} native backends ({string.Join(" and ", facts.Backends)}); their files overwrite "
                + $"each other. Keep one of the packages.";
        }
    }

    private static IEnumerable<string> ExplainLoader(NativeFacts facts, string error)
    {
        if (error.Contains(WeakVersionRepair.VersionName, StringComparison.Ordinal))
        {
            yield return $"The C++ runtime (libstdc++) of this system is older than TorchSharp asks for ({WeakVersionRepair.VersionName}, GCC 13)."
                + (!facts.RepairEnabled ? $" The repair is switched off by {NativeBackend.SwitchVariable}; remove that variable." : string.Empty)
                + (facts.RepairFailure is { } failure ? $" The repair failed: {failure}" : string.Empty)
                + " A system with GCC 13's libstdc++ (Debian 13, Ubuntu 24.04) needs no repair.";
        }
        else if (error.Contains("GLIBCXX_", StringComparison.Ordinal) || error.Contains("CXXABI_", StringComparison.Ordinal))
        {
            yield return $"The C++ runtime (libstdc++) of this system is too old for libtorch: {error.Trim()} Use Debian 12, Ubuntu 22.04 or newer.";
        }
        else if (error.Contains("GLIBC_", StringComparison.Ordinal))
        {
            yield return $"The C library (glibc) of this system is too old for libtorch: {error.Trim()} Use Debian 12, Ubuntu 22.04 or newer.";
        }
        else if (facts.TorchFound)
        {
            yield return $"The loader says: {error.Trim()}";
        }
    }
}
