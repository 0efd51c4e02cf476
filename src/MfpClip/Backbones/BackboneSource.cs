using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Clip.Loading;
using MfpClip.Backbones.Dino;

namespace MfpClip.Backbones;

/// <summary>What a backbone is loaded from, and how: equal ones are the same backbone.</summary>
/// <param name="Name">A file, or the name of a package.</param>
/// <param name="Version">Tells another content of the same name.</param>
/// <param name="Clip">How a CLIP model is loaded.</param>
/// <param name="Dino">How a DINOv2 model is loaded.</param>
internal sealed record BackboneSource(string Name, object Version, ClipBackboneOptions Clip, DinoBackboneOptions? Dino)
{
    private static readonly string[] Beside = ["config.json", "open_clip_config.json", "preprocessor_config.json"];

    /// <summary>Whether the file was said to hold a DINOv2 model.</summary>
    public bool IsDino { get; init; }

    /// <summary>A file, with what lies beside it and tells how to read it; <see langword="null"/> where there is no such file.</summary>
    public static BackboneSource? OfFile(string path, ClipBackboneOptions clip, DinoBackboneOptions? dino)
    {
        var file = new FileInfo(ClipFiles.FindWeights(path));
        return !file.Exists ? null : new(file.FullName, string.Join('\n', Beside.Select(b => new FileInfo(Path.Combine(file.DirectoryName!, b)))
            .Where(f => f.Exists).Prepend(file).Select(f => FormattableString.Invariant($"{f.Name} {f.Length} {f.LastWriteTimeUtc.Ticks}"))), clip, dino);
    }
}
