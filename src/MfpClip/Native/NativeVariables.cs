using System.Runtime.InteropServices;

namespace MfpClip.Native;

/// <summary>Environment variables as native libraries read them: .NET keeps its own copy of the environment on Unix.</summary>
internal static class NativeVariables
{
    /// <summary>Whether the environment has a value for it, from the start of the process or set by .NET since.</summary>
    public static bool IsSet(string name) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name));

    /// <summary>Sets it for native libraries that are loaded later; on Unix .NET does not see it.</summary>
    /// <returns>Whether it is so now.</returns>
    public static bool TrySet(string name, string value)
    {
        if (OperatingSystem.IsWindows())
        {
            Environment.SetEnvironmentVariable(name, value);
            return true;
        }

        try
        {
            return SetVariable(name, value, 1) == 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false; // another C library
        }
    }

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetVariable(string name, string value, int overwrite);
}
