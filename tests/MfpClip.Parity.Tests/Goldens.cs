using System.Text.Json;
using MfpClip.Weights;

namespace MfpClip.Parity.Tests;

/// <summary>Finds the golden fixtures: MFPCLIP_GOLDENS, else ../shared/goldens beside the solution. Absent: tests skip and say so.</summary>
internal static class Goldens
{
    public const string SkipReason = "The goldens were not found: set MFPCLIP_GOLDENS, or put them at ../shared/goldens beside the project.";

    private static readonly Lazy<string?> Root = new(Locate);

    /// <summary>A family's folder; skips the calling test where the goldens are absent.</summary>
    public static string Family(string name)
    {
        Skip.If(Root.Value is null, SkipReason);
        string folder = Path.Combine(Root.Value!, name);
        Skip.IfNot(Directory.Exists(folder), $"The goldens at '{Root.Value}' have no family '{name}'.");
        return folder;
    }

    /// <summary>Whether a family is there, for test data that is read from its manifest.</summary>
    public static bool Present(string name) => Root.Value is { } root && Directory.Exists(Path.Combine(root, name));

    public static JsonElement Manifest(string family) => Json(Path.Combine(Family(family), "manifest.json"));

    public static JsonElement Json(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        return document.RootElement.Clone();
    }

    /// <summary>All tensors of a golden file, in their own precision, on the CPU.</summary>
    public static Dictionary<string, Tensor> Tensors(params string[] path)
    {
        using var file = WeightFile.Open(Path.Combine(path));
        return file.Tensors.Keys.ToDictionary(n => n, file.Read, StringComparer.Ordinal);
    }

    /// <summary>Fails unless the shapes are equal and no value differs by more than <paramref name="tolerance"/>.</summary>
    public static void Close(string name, Tensor expected, Tensor actual, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        Assert.True(expected.shape.SequenceEqual(actual.shape),
            $"{name}: shape [{string.Join(", ", actual.shape)}], expected [{string.Join(", ", expected.shape)}]");
        if (expected.numel() == 0)
        {
            return;
        }

        var difference = (expected.to(torch.float64) - actual.detach().to(torch.float64)).abs();
        double worst = difference.max().item<double>();
        Assert.True(worst <= tolerance, $"{name}: differs by {worst:g4}, tolerance {tolerance:g3}");
    }

    /// <summary>Fails unless every value differs by at most the absolute tolerance, or the relative one of the expected value.</summary>
    public static void Near(string name, Tensor expected, Tensor actual, double absolute, double relative)
    {
        using var scope = torch.NewDisposeScope();
        Assert.True(expected.numel() == actual.numel(), $"{name}: shape [{string.Join(", ", actual.shape)}], expected [{string.Join(", ", expected.shape)}]");
        var e = expected.reshape(-1).to(torch.float64);
        var excess = (e - actual.detach().reshape(-1).to(torch.float64)).abs() - torch.maximum(torch.full_like(e, absolute), relative * e.abs());
        double worst = excess.max().item<double>();
        Assert.True(worst <= 0, $"{name}: beyond the tolerance ({absolute:g3} absolute, {relative:g3} relative) by {worst:g4}");
    }

    private static string? Locate()
    {
        if (Environment.GetEnvironmentVariable("MFPCLIP_GOLDENS") is { Length: > 0 } chosen)
        {
            return Directory.Exists(chosen) ? chosen : null;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                string beside = Path.Combine(folder.FullName, "..", "shared", "goldens");
                return Directory.Exists(beside) ? Path.GetFullPath(beside) : null;
            }
        }

        return null;
    }
}
