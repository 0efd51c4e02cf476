using System.Reflection;
using System.Runtime.CompilerServices;

namespace MfpClip.Detection;

/// <summary>
/// The assembly of a model package that a program references and no code of it mentions: model "tiny" is in MfpClip.Models.Tiny, whose initializer
/// registers it.
/// </summary>
internal static class ModelAssembly
{
    private const string Prefix = "MfpClip.Models.";

    /// <summary>The assembly's name by the model's.</summary>
    public static string NameOf(string model) => string.Concat(Prefix, char.ToUpperInvariant(model[0]).ToString(), model.AsSpan(1));

    /// <summary>Loads the assembly and runs its initializer, where it lies beside the program.</summary>
    public static void Load(string model)
    {
        if (model.Length == 0 || !model.All(char.IsAsciiLetterOrDigit))
        {
            return;
        }

        try
        {
            RuntimeHelpers.RunModuleConstructor(Assembly.Load(new AssemblyName(NameOf(model))).ManifestModule.ModuleHandle);
        }
        catch (Exception e) when (e is IOException or BadImageFormatException)
        {
            // It is not referenced: the caller says so.
        }
    }
}
