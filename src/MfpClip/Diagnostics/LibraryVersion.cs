using System.Reflection;

namespace MfpClip.Diagnostics;

/// <summary>Version of this library, without the commit.</summary>
internal static class LibraryVersion
{
    public static string Current { get; } =
        (typeof(LibraryVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+')[0];
}
