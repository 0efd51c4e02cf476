using System.Text;
using System.Text.Json.Nodes;
using MfpClip.Calibration;
using MfpClip.Detection;
using MfpClip.Detection.Recipes;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Modules.Mask;
using MfpClip.Modules.Self;
using MfpClip.References;
using MfpClip.Text;

namespace MfpClip;

/// <summary>
/// Everything that a detector is composed of, as one immutable value: what the builder edits, what configuration binds, and what can be
/// stored, shared, compared and run again as JSON. What is <see langword="null"/> is as the method composes it.
/// </summary>
/// <remarks>
/// Files are named by path, relative paths count from the working folder. Parts given as objects or functions are named by their type; a
/// recipe with such a part can be read where the part is known to the <see cref="Detection.DetectorRegistry"/>.
/// </remarks>
/// <example>
/// <code>
/// detector.Recipe.Save("without-mask-prompt.json");
/// using var again = ZeroShotDetectorBuilder.From(DetectorRecipe.Load("without-mask-prompt.json")).Build();
/// </code>
/// </example>
public sealed record DetectorRecipe
{
    /// <summary>The format that this version writes and reads.</summary>
    public const string CurrentFormat = "mfpclip-recipe-1";

    /// <summary>Format of the file.</summary>
    public string Format { get; init; } = CurrentFormat;

    /// <summary>Id of the method, as 'mfpclip methods list' shows it.</summary>
    /// <value>Default "mfp-clip".</value>
    public string Method { get; init; } = "mfp-clip";

    /// <summary>The method's settings; <see langword="null"/>: its own.</summary>
    public JsonObject? MethodOptions { get; init; }

    /// <summary>The CLIP model.</summary>
    public BackboneRecipe? Backbone { get; init; }

    /// <summary>The CNN: "resnet" or "efficientnet-lite0" with its options.</summary>
    public ComponentRecipe? Cnn { get; init; }

    /// <summary>I2TP, or what stands in its place.</summary>
    public ComponentRecipe? ImageToText { get; init; }

    /// <summary>SP.</summary>
    public ComponentRecipe? SelfPrompt { get; init; }

    /// <summary>How the vision tower is run and read.</summary>
    public ComponentRecipe? VisionEncoder { get; init; }

    /// <summary>MPFA.</summary>
    public ComponentRecipe? MultiPatch { get; init; }

    /// <summary>MP.</summary>
    public ComponentRecipe? MaskPrompt { get; init; }

    /// <summary>How features and texts become a map.</summary>
    public ComponentRecipe? AnomalyMap { get; init; }

    /// <summary>How class token and map become a score.</summary>
    public ComponentRecipe? AnomalyScore { get; init; }

    /// <summary>Number of equal stages of the vision tower, where <see cref="Taps"/> names none.</summary>
    public int? Stages { get; init; }

    /// <summary>Blocks after which the vision tower is tapped.</summary>
    public IReadOnlyList<int>? Taps { get; init; }

    /// <summary>Sentences of both states.</summary>
    public PromptTemplates? Templates { get; init; }

    /// <summary>Side of the square model input in pixels.</summary>
    public int? ImageSize { get; init; }

    /// <summary>How images are brought to that size: "square-resize" or "resize-and-center-crop".</summary>
    public ComponentRecipe? Preprocessor { get; init; }

    /// <summary>How large images are cut into tiles; absent: every image is read as a whole.</summary>
    public TilingOptions? Tiling { get; init; }

    /// <summary>Where to look in every image; absent: everywhere. In JSON a text alone is a file, or "foreground".</summary>
    public RegionOfInterestOptions? RegionOfInterest { get; init; }

    /// <summary>Image sizes whose maps and scores are averaged, as fractions of <see cref="ImageSize"/> with 1 among them.</summary>
    public IReadOnlyList<double>? Scales { get; init; }

    /// <summary>Trained modules: a file of this library, or as a method's authors publish it.</summary>
    public string? Modules { get; init; }

    /// <summary>Leaves modules at their initialization, a model package's too.</summary>
    public bool? Untrained { get; init; }

    /// <summary>Reference images.</summary>
    public ReferencesRecipe? References { get; init; }

    /// <summary>A method that judges by normal images, whose map and score are joined with this one's; it needs <see cref="References"/>.</summary>
    public DetectorRecipe? Joined { get; init; }

    /// <summary>Thresholds.</summary>
    public ScoreCalibration? Calibration { get; init; }

    /// <summary>A calibration file, where <see cref="Calibration"/> is not given in place.</summary>
    public string? CalibrationFile { get; init; }

    /// <summary>"cpu", "cuda" or "cuda:N".</summary>
    /// <value>Default "cpu".</value>
    public string Device { get; init; } = "cpu";

    /// <summary>Precision of the towers: "float32", "bfloat16" or "float16".</summary>
    /// <value>Default "float32".</value>
    public string Precision { get; init; } = "float32";

    /// <summary>Images in one forward pass at most.</summary>
    /// <value>Default 4.</value>
    public int BatchSize { get; init; } = 4;

    /// <summary>What an image may cost before it is refused.</summary>
    public ImageLimits? Limits { get; init; }

    /// <summary>The recipe as indented JSON. What JSON cannot hold, such as an image in memory, is named; reading that back is an error.</summary>
    public string ToJson() => RecipeJson.Write(this);

    /// <summary>Reads a recipe from JSON.</summary>
    /// <exception cref="DetectorConfigurationException">It is not one; the message names the place.</exception>
    public static DetectorRecipe Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return RecipeJson.Read(json, "recipe");
    }

    /// <summary>Reads a recipe from a file of at most one mebibyte.</summary>
    /// <exception cref="DetectorConfigurationException">It is not there, too large, or no recipe.</exception>
    public static DetectorRecipe Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            long length = new FileInfo(path).Length;
            return length <= 1 << 20 ? RecipeJson.Read(File.ReadAllText(path), $"recipe '{path}'")
                : throw new DetectorConfigurationException([$"The file '{path}' has {length} bytes; a recipe has at most 1048576. Name a recipe."]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new DetectorConfigurationException([$"The recipe '{path}' cannot be read ({e.Message})."]);
        }
    }

    /// <summary>Writes the recipe, whole or not at all.</summary>
    /// <exception cref="OutputException">The file cannot be written.</exception>
    public void Save(string path)
    {
        byte[] json = new UTF8Encoding(false).GetBytes(ToJson() + "\n");
        AtomicFile.Write(path, stream => stream.Write(json));
    }
}

/// <summary>A part of a detector by the name of its implementation.</summary>
/// <param name="Implementation">Stable name, for example "mask-prompt".</param>
/// <param name="Settings">Its settings; <see langword="null"/>: its own.</param>
public sealed record ComponentRecipe(string Implementation, JsonObject? Settings = null);

/// <summary>Reference images of a detector: a file of stored ones, or the images themselves.</summary>
public sealed record ReferencesRecipe
{
    /// <summary>As written by <see cref="ZeroShotDetector.SaveReferences"/>.</summary>
    public string? File { get; init; }

    /// <summary>Paths of images.</summary>
    public IReadOnlyList<string>? Images { get; init; }

    /// <summary>A folder of images; those in its sub-folders count too.</summary>
    public string? Folder { get; init; }

    /// <summary>How images are stored.</summary>
    public ReferenceOptions? Options { get; init; }
}
