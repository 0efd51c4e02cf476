using System.Diagnostics;

namespace MfpClip.Native;

/// <summary>Where the native libraries of this process lie.</summary>
internal static class NativeFiles
{
    /// <summary>Folders that .NET and TorchSharp look into, each once, in order.</summary>
    public static IReadOnlyList<string> SearchFolders()
    {
        var folders = new List<string>();
        if (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") is string listed)
        {
            folders.AddRange(listed.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries));
        }

        string rid = System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier;
        string portable = OperatingSystem.IsLinux() ? "linux-x64" : OperatingSystem.IsWindows() ? "win-x64" : "osx-arm64";
        foreach (string root in new[] { AppContext.BaseDirectory, Path.GetDirectoryName(typeof(torch).Assembly.Location) ?? string.Empty })
        {
            if (root.Length > 0)
            {
                folders.Add(root);
                folders.Add(Path.Combine(root, "runtimes", rid, "native"));
                folders.Add(Path.Combine(root, "runtimes", portable, "native"));
            }
        }

        return folders.Select(f => Path.TrimEndingDirectorySeparator(Path.GetFullPath(f))).Distinct().Where(Directory.Exists).ToList();
    }

    /// <summary>Where a library of this process was loaded from; null if it was not, or the system does not say.</summary>
    public static string? Loaded(string fileName)
    {
        try
        {
            using var process = Process.GetCurrentProcess();
            return process.Modules.Cast<ProcessModule>().FirstOrDefault(m => m.ModuleName == fileName)?.FileName;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>First folder that holds <paramref name="fileName"/>, as a full path; null if none does.</summary>
    public static string? Find(string fileName) =>
        SearchFolders().Select(f => Path.Combine(f, fileName)).FirstOrDefault(File.Exists);
}
