using MfpClip.Imaging;

namespace MfpClip.Detection.Composing;

/// <summary>Settings of a preprocessor in a recipe; those that one has no use for are refused.</summary>
internal sealed record PreprocessorChoice
{
    public int? Size { get; init; }

    public int? Edge { get; init; }

    public int? Multiple { get; init; }

    public ResizeFilter? Filter { get; init; }

    public bool? KeepsAspectRatio { get; init; }

    /// <exception cref="DetectorConfigurationException">The name is not known, or the settings are not this preprocessor's.</exception>
    public static IImagePreprocessor Create(string name, int size, PreprocessorChoice s)
    {
        const int Most = 8192;
        if (size is < 1 or > Most || s.Edge is < 1 or > Most || s.Multiple is < 1 or > Most)
        {
            throw Wrong(name, $"sizes must be from 1 to {Most} pixels");
        }

        switch (name)
        {
            case "square-resize":
                Refuse(name, ("edge", s.Edge), ("multiple", s.Multiple), ("filter", s.Filter), ("keeps_aspect_ratio", s.KeepsAspectRatio));
                return new SquareResize(size);
            case "resize-and-center-crop":
                Refuse(name, ("multiple", s.Multiple));
                return s.Edge < size ? throw Wrong(name, $"the edge of {s.Edge} is shorter than the size of {size}") : new ResizeAndCenterCrop(size)
                {
                    Edge = s.Edge ?? size, Filter = s.Filter ?? ResizeFilter.Bicubic, KeepsAspectRatio = s.KeepsAspectRatio ?? true,
                };
            case "shorter-edge-resize":
                Refuse(name, ("edge", s.Edge), ("keeps_aspect_ratio", s.KeepsAspectRatio));
                int multiple = s.Multiple ?? throw Wrong(name, "name the side of a patch (multiple)");
                return size < multiple ? throw Wrong(name, $"the size of {size} is shorter than the multiple of {multiple}")
                    : new ShorterEdgeResize(size, multiple) { Filter = s.Filter ?? ResizeFilter.Bicubic };
            default:
                throw new DetectorConfigurationException([
                    $"The recipe's preprocessor is '{name}'; choose square-resize, resize-and-center-crop or shorter-edge-resize, "
                        + "or set the object on the builder."]);
        }
    }

    private static void Refuse(string name, params ReadOnlySpan<(string Setting, object? Value)> settings)
    {
        foreach (var (setting, value) in settings)
        {
            if (value is not null)
            {
                throw Wrong(name, $"it has no setting '{setting}'");
            }
        }
    }

    private static DetectorConfigurationException Wrong(string name, string what) => new([$"The recipe's preprocessor '{name}': {what}."]);
}
