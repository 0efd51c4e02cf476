using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace MfpClip.Native;

/// <summary>
/// Makes TorchSharp's native library load on Linux with a libstdc++ older than GCC 13 (Debian 12, Ubuntu 22.04). It answers
/// only after the ordinary search failed, so a system that works is never touched.
/// </summary>
internal static class NativeBackend
{
    /// <summary>Environment variable that switches the repair off when set to 0, off or false.</summary>
    internal const string SwitchVariable = "MFPCLIP_NATIVE_REPAIR";

    private const string BridgeName = "LibTorchSharp";
    private const string BridgeFile = "libLibTorchSharp.so";
    private static readonly Lock Gate = new();
    private static bool registered;
    private static IntPtr handle;
    private static int logged;

    /// <summary>What was done in this process, in words; null while nothing had to be done.</summary>
    public static string? RepairMessage { get; private set; }

    /// <summary>Everything that was done to make the native library work here, in words.</summary>
    public static IReadOnlyList<string> Messages => [.. new[] { RepairMessage, OneDnnInstructions.Message }.OfType<string>()];

    /// <summary>Why a repair was refused or failed; null if none was.</summary>
    public static Exception? RepairFailure { get; private set; }

    /// <summary>Whether the repair is allowed (on unless <c>MFPCLIP_NATIVE_REPAIR</c> says off).</summary>
    public static bool IsEnabled =>
        Environment.GetEnvironmentVariable(SwitchVariable)?.Trim().ToLowerInvariant() is not ("0" or "off" or "false");

    /// <summary>True once, for the caller that is to log <see cref="Messages"/>.</summary>
    public static bool TryClaimLogging() => Messages.Count > 0 && Interlocked.Exchange(ref logged, 1) == 0;

    /// <summary>Runs when MfpClip.dll is first used, hence before the first tensor made through it.</summary>
#pragma warning disable CA2255 // A module initialiser is the only hook that runs before a user's first call.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Register()
    {
        OneDnnInstructions.Restrict();
        OpenMpWaiting.Limit();
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return;
        }

        lock (Gate)
        {
            if (!registered)
            {
                registered = true;
                var context = AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly) ?? AssemblyLoadContext.Default;
                context.ResolvingUnmanagedDll += Resolve;
            }
        }
    }

    /// <summary>Runs the first call into TorchSharp, and turns its failure to load into an error that says what to do.</summary>
    internal static T Guard<T>(Func<T> first)
    {
        NativeStart.Run();
        try
        {
            return first();
        }
        catch (Exception e) when (e is TypeInitializationException or NotSupportedException or DllNotFoundException or EntryPointNotFoundException)
        {
            throw new NativeBackendException($"The native library of TorchSharp does not load here. {MfpClipEnvironment.Check().Summary}", e);
        }
    }

    private static IntPtr Resolve(Assembly assembly, string name)
    {
        if (Path.GetFileNameWithoutExtension(name) is not (BridgeName or "lib" + BridgeName) || !IsEnabled)
        {
            return IntPtr.Zero;
        }

        lock (Gate)
        {
            if (handle == IntPtr.Zero && RepairFailure is null)
            {
                try
                {
                    handle = LoadRepaired();
                }
                catch (Exception e) when (
                    e is MfpClipException or IOException or UnauthorizedAccessException or DllNotFoundException or BadImageFormatException)
                {
                    // TorchSharp reports the failure to load; MfpClipEnvironment.Check explains it.
                    RepairFailure = e;
                }
            }

            return handle;
        }
    }

    private static IntPtr LoadRepaired()
    {
        string? original = NativeFiles.Find(BridgeFile);
        if (original is null || LoadError(original) is not { } reason || !reason.Contains(WeakVersionRepair.VersionName, StringComparison.Ordinal))
        {
            return IntPtr.Zero;
        }

        // The copy lies elsewhere: what it depends on must be in the process before it is loaded.
        foreach (string dependency in new[] { "libc10.so", "libtorch_cpu.so", "libtorch.so" })
        {
            string path = NativeFiles.Find(dependency) ?? throw new NativeBackendException(
                $"'{dependency}' was not found beside the application. Add the package libtorch-cpu-linux-x64 to the application.");
            NativeLibrary.Load(path);
        }

        string repaired = RepairedLibraryCache.GetOrCreate(original, RepairedLibraryCache.DefaultFolder());
        var loaded = NativeLibrary.Load(repaired);
        RepairMessage = $"The C++ runtime here is older than {WeakVersionRepair.VersionName}; a repaired copy of {BridgeFile} was loaded from '{repaired}'. "
            + $"Set {SwitchVariable}=off to switch this off.";
        return loaded;
    }

    /// <summary>The loader's words when <paramref name="path"/> does not load; null when it loads.</summary>
    internal static string? LoadError(string path)
    {
        try
        {
            NativeLibrary.Load(path);
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return e.Message;
        }
    }
}
