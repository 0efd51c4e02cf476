using MfpClip.References;

namespace MfpClip.Detection.Composing;

/// <summary>Reference images that are read when the detector is built: a file of stored ones, or images.</summary>
internal sealed record ReferenceChoice(string? File, IReadOnlyList<ImageInput> Images, ReferenceOptions Options)
{
    public IEnumerable<string> Faults() => File is { } path
        ? System.IO.File.Exists(path) ? [] : [$"There is no weight file '{path}'."]
        : [.. Options.Faults(), .. Images.Count == 0 ? ["References: there is no image. Give at least one normal image."] : Array.Empty<string>()];

    public ReferencesRecipe ToRecipe() => File is not null ? new() { File = File }
        : new() { Images = [.. Images.Select(i => i.Path ?? $"memory:{i.Name}")], Options = Options };
}
