using System.CommandLine;
using MfpClip.Detection;
using MfpClip.References;

namespace MfpClip.Cli;

/// <content>The options about reference images.</content>
internal sealed partial class DetectorChoice
{
    private readonly Option<string?> _references = new("--references")
    {
        Description = "Photos of parts without defects to compare with, too: a folder, a photo, or a file from --save-references.",
    };
    private readonly Option<double?> _referenceWeight = new("--reference-weight")
    {
        Description =
            "Weight of the references against the method's own map and score, 0 to 1. Default: estimated from how well the references explain one another.",
    };
    private readonly Option<bool> _batched = new("--batched")
    {
        Description = "Without normal images: compare the tested images with one another, for anomaly-dino and subspace-ad, alone or with --join. What most of "
            + "them show is taken for usual.",
    };

    private readonly List<string> _unreadableReferences = [];

    /// <summary>The reference images.</summary>
    public Option References => _references;

    /// <summary>The weight of reference images.</summary>
    public Option ReferenceWeight => _referenceWeight;

    /// <summary>Whether the tested images are compared with one another.</summary>
    public Option Batched => _batched;

    /// <summary>References that could not be read and were left out.</summary>
    public IReadOnlyList<string> UnreadableReferences => _unreadableReferences;

    /// <summary>Lets the command take references, too.</summary>
    /// <param name="command">The command.</param>
    /// <param name="folder">Whether it takes a folder of them; one that has its own way to them takes the weight only.</param>
    public void AddReferencesTo(Command command, bool folder = true)
    {
        if (folder)
        {
            command.Options.Add(_references);
            command.Needs(_references, _referenceWeight);
        }

        command.Options.Add(_referenceWeight);
        AddJoinedTo(command);
    }

    /// <summary>Lets the command compare tested images with one another.</summary>
    /// <param name="command">The command.</param>
    /// <param name="instead">Options of normal images, which it does without.</param>
    public void AddBatchedTo(Command command, params Option[] instead)
    {
        HasBatched = true;
        command.Options.Add(_batched);
        command.Excludes(_batched, "the tested images are compared with one another.", [.. instead, _referenceWeight]);
        command.Excludes(_batched, "scores depend on the batch, so no threshold holds for another one.", _calibration);
    }

    private bool HasBatched { get; set; }

    /// <summary>Whether tested images are compared with one another.</summary>
    public bool IsBatched(ParseResult parsed) => parsed.GetValue(_batched);

    /// <summary>Refuses a method that judges by normal images alone where it gets none, before anything is loaded.</summary>
    /// <param name="parsed">Arguments.</param>
    /// <param name="how">The option that gives them, as the end of a sentence.</param>
    /// <param name="given">Whether it is given.</param>
    /// <exception cref="DetectorConfigurationException">There are none.</exception>
    public void RequireReferences(ParseResult parsed, string how, bool given)
    {
        var method = Joined(parsed)?.Description ?? Method(parsed).Description;
        if (IsBatched(parsed))
        {
            string[] able = [.. DetectorRegistry.Default.Methods.Where(m => m.Description.ComparesBatch).Select(m => m.Description.Id)];
            given = method.ComparesBatch ? true : throw new DetectorConfigurationException(
                [$"{_batched.Name}: {method.Name} does not compare tested images with one another. Choose {string.Join(" or ", able)} with --method or "
                    + "--join."]);
        }

        bool brought = Recipe(parsed) is { } recipe && (recipe.References is not null || recipe.MethodOptions?["model_folder"] is not null);
        if (method.NeedsReferences && !given && !brought)
        {
            string batched = method.ComparesBatch && HasBatched ? $". To compare the tested images with one another instead: {_batched.Name}" : string.Empty;
            throw new DetectorConfigurationException([$"{method.Name} compares with normal images and detects nothing without them: {how}{batched}."]);
        }
    }

    /// <summary>The same for commands with --references.</summary>
    public void RequireReferences(ParseResult parsed) => RequireReferences(
        parsed, "name a folder of photos of parts without defects, or a file of 'mfpclip fit', with --references", parsed.GetValue(_references) is not null);

    /// <summary>How references are to be stored.</summary>
    /// <param name="parsed">Arguments.</param>
    /// <param name="className">Class words of the photos.</param>
    public ReferenceOptions ReferencesAs(ParseResult parsed, string? className) => new()
    {
        Weight = parsed.GetValue(_referenceWeight), ClassName = className ?? ClassWords.Default,
    };

    /// <summary>The photos of --references; empty where none or a file of stored ones was named.</summary>
    public IReadOnlyList<string> ReferencePhotos(ParseResult parsed) =>
        parsed.GetValue(_references) is { } path && !IsReferenceFile(path) ? ImageFiles.Search([path], quiet: true).Images : [];

    /// <summary>The detector with the references that were named; the given one is shared by it or is it.</summary>
    public ZeroShotDetector WithReferences(ParseResult parsed, ZeroShotDetector detector, string? className, CancellationToken cancellationToken)
    {
        double? weight = parsed.GetValue(_referenceWeight);
        if (parsed.GetValue(_references) is not { } path)
        {
            return detector;
        }

        // References first: the calibration that was named holds for the detector with them.
        using (detector)
        {
            var calibration = LoadedCalibration(parsed);
            using var alone = calibration is null ? null : detector.WithCalibration(null);
            var referenced = IsReferenceFile(path)
                ? (alone ?? detector).WithReferenceFile(path, weight)
                : (alone ?? detector).WithReferences(
                    Readable(alone ?? detector, [path]), ReferencesAs(parsed, className), null, cancellationToken);
            if (calibration is null)
            {
                return referenced;
            }

            using (referenced)
            {
                return referenced.WithCalibration(calibration);
            }
        }
    }

    /// <summary>The reference images that can be read; the others are named in <see cref="UnreadableReferences"/>.</summary>
    /// <param name="detector">Whose decoder is tried.</param>
    /// <param name="paths">Photos or folders.</param>
    /// <exception cref="ReferenceException">None can be read.</exception>
    public IReadOnlyList<ImageInput> Readable(ZeroShotDetector detector, IReadOnlyList<string> paths)
    {
        var images = ImageFiles.Readable(detector, ImageFiles.Find(paths, quiet: true).Images, "Reference left out.", _unreadableReferences);
        return images.Count > 0 ? [.. images.Select(ImageInput.FromFile)]
            : throw new ReferenceException(string.Join(", ", paths), $"none of its images can be read: {string.Join(" ", _unreadableReferences)}");
    }

    private static bool IsReferenceFile(string path) => path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase);
}
