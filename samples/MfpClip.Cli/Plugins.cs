using System.CommandLine;
using System.Reflection;
using System.Runtime.CompilerServices;
using MfpClip.Detection;

namespace MfpClip.Cli;

/// <summary>
/// Assemblies with methods of the user's own: their module initializers add to <see cref="Detection.DetectorRegistry.Default"/>, and every command
/// knows the names. They are loaded before the command line is parsed, and their code runs: name only what you trust.
/// </summary>
internal static class Plugins
{
    private const string Name = "--plugin";

    public static Option<string[]> Option { get; } = new(Name)
    {
        Description = "An assembly (.dll) that adds methods or modules of your own; its code is run.", Recursive = true,
    };

    /// <summary>Loads what is named on the command line.</summary>
    /// <returns>What is wrong; <see langword="null"/> where nothing is.</returns>
    public static string? Load(string[] args)
    {
        for (int i = 0; i < args.Length; i++)
        {
            string? path = args[i] == Name ? args.ElementAtOrDefault(i + 1) : args[i]
                .StartsWith(Name + "=", StringComparison.Ordinal) ? args[i][(Name.Length + 1)..] : null;
            if (path is null)
            {
                continue;
            }

            try
            {
                RuntimeHelpers.RunModuleConstructor(Assembly.LoadFrom(Path.GetFullPath(path)).ManifestModule.ModuleHandle);
            }
            catch (Exception e) when (e is IOException or BadImageFormatException or TypeInitializationException or ArgumentException)
            {
                return $"The plugin '{path}' cannot be loaded: {(e as TypeInitializationException)?.InnerException?.Message ?? e.Message}";
            }
        }

        return null;
    }
}
