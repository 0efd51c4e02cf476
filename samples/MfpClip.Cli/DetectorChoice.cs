using System.CommandLine;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Calibration;
using MfpClip.Detection;
using MfpClip.Kernels;
using MfpClip.Models;
using MfpClip.References;

namespace MfpClip.Cli;

/// <summary>The options that say which detector is meant, shared by the commands.</summary>
internal sealed partial class DetectorChoice
{
    private readonly Option<string?> _weights = new("--weights")
    {
        Description = "CLIP weights: a file, a folder, a name from 'mfpclip models list', or 'default' for the small model inside this program. Methods that "
            + "read no text take DINOv2 weights, too. Without it, random weights: then maps mean nothing. random:ViT-L-14-336, random:dinov2-small and the "
            + "like make random weights of that size, for dry runs.",
    };
    private readonly Option<string> _method = new("--method")
    {
        Description = "mfp-clip, winclip, april-gan, anomalyclip, adaclip, or from normal images alone anomaly-dino, subspace-ad, patchcore; see 'mfpclip "
            + "methods list'.", DefaultValueFactory = _ => "mfp-clip",
    };
    private readonly Option<string?> _cnn = new("--cnn")
    {
        Description = "ResNet-18 to 101 or WideResNet in torchvision's format, or its name from 'mfpclip models list', for methods that read a CNN: MFP-CLIP's "
            + "I2TP and SP are off without one. For patchcore also 'default', the small one inside this program. random:wide_resnet50_2 and the like for "
            + "dry runs.",
    };
    private readonly Option<string?> _modules = new("--modules") { Description = "Trained modules (safetensors)." };
    private readonly Option<string?> _calibration = new("--calibration") { Description = "Calibration file of 'mfpclip calibrate': gives a decision." };
    private readonly Option<string> _device = new("--device") { Description = "cpu, cuda or cuda:N.", DefaultValueFactory = _ => "cpu" };
    private readonly Option<string> _precision = new("--precision") { Description = "float32, bfloat16 or float16.", DefaultValueFactory = _ => "float32" };
    private readonly Option<int?> _size = new("--image-size")
    {
        Description = "Side of the model input in pixels; default 518, or the nearest multiple of the patch.",
    };
    private readonly Option<double[]?> _scales = new("--scales")
    {
        Description = "Sides at which every image is read, as fractions of the image size with 1 among them, such as 0.6 1; maps and scores are averaged. "
            + "Default: the model's own.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> _without = new("--without")
    {
        Description = "Parts of MFP-CLIP to switch off without training: i2tp, sp, mpfa, mp; modules for all four; training for the trained projections, "
            + "too: the CLIP towers and the sentences alone.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> _recipe = new("--recipe")
    {
        Description = "A recipe (JSON) to start with, as every report and 'describe --recipe-out' hold one; what is named beside it wins.",
    };
    private const string Bundled = "default";

    /// <summary>What is said where the weights are random.</summary>
    public const string RandomNotice = "These results come from RANDOM weights that this command made itself: they show how everything works, not where "
        + "defects are. Name real weights with --weights.";

    private const string DefaultMethod = "mfp-clip";
    private bool _takesDefault;
    private (string Path, DetectorRecipe Recipe)? _read;
    private (string Path, ScoreCalibration Calibration)? _calibrated;

    /// <summary>The calibration file.</summary>
    public Option Calibration => _calibration;

    /// <summary>The recipe, which can hold a calibration, too.</summary>
    public Option RecipeFile => _recipe;

    /// <summary>The method by name.</summary>
    public Option MethodName => _method;

    /// <summary>The trained modules.</summary>
    public Option ModulesFile => _modules;

    /// <summary>Everything that says which detector is meant, but its device and precision.</summary>
    public IReadOnlyList<Option> Composition =>
        [_recipe, _method, _weights, _cnn, _modules, _size, _scales, _without, _tile, _smallestDefect, _pixelSize, _overlap, _tileJoin, _roi, _roiMargin];

    /// <param name="command">The command.</param>
    /// <param name="defaultModel">Whether the default model stands in where nothing is named; otherwise random weights do.</param>
    public void AddTo(Command command, bool defaultModel = false)
    {
        _takesDefault = defaultModel && TinyModel.IsAvailable;
        if (_takesDefault)
        {
            _weights.Description = "CLIP weights: a file, a folder ('mfpclip pretrain' fills one, too), a name from 'mfpclip models list', or 'default' for "
                + "the small model inside this program, which also stands in where nothing is named (for anomaly-dino and subspace-ad, too). Methods that "
                + "read no text take DINOv2 weights. "
                + "random:ViT-L-14-336, random:dinov2-small and the like make random weights of that size, for dry runs.";
        }

        foreach (Option option in new Option[] { _recipe, _method, _weights, _cnn, _modules, _calibration, _device, _precision, _size, _scales })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Lets the command switch modules off.</summary>
    public void AddModulesOffTo(Command command)
    {
        _without.AcceptOnlyFromAmong([.. ModulesOff.Names]);
        command.Options.Add(_without);
    }

    /// <summary>Refuses class words that the method does not read.</summary>
    public void CheckClass(ParseResult parsed, Option className)
    {
        if (IsGiven(parsed, className) && Method(parsed).Description is { NeedsText: false } textFree)
        {
            throw new ArgumentException($"{className.Name} has no effect: {textFree.Name} reads no text. Leave it out.");
        }

        if (IsGiven(parsed, className) && Method(parsed).Description is { Id: "anomalyclip" } method)
        {
            throw new ArgumentException($"{className.Name} has no effect: {method.Name}'s prompts are the same for every class. Leave it out.");
        }
    }

    /// <summary>The calibration that was named with --calibration.</summary>
    public ScoreCalibration? LoadedCalibration(ParseResult parsed) => parsed.GetValue(_calibration) is not { } path ? null
        : _calibrated is { } read && read.Path == path ? read.Calibration : (_calibrated = (path, CalibrationFile.Load(path))).Value.Calibration;

    /// <summary>The class words of a detection: as given, else those of the calibration, else those of <see cref="ClassWords.Default"/>.</summary>
    /// <param name="parsed">Arguments.</param>
    /// <param name="given">The value of --class.</param>
    public string ClassName(ParseResult parsed, string? given) => given ?? LoadedCalibration(parsed)?.ClassName
        ?? (Recipe(parsed) is { } recipe
            ? recipe.Calibration?.ClassName ?? (recipe.CalibrationFile is { } file ? CalibrationFile.Load(file).ClassName : null) : null) ?? ClassWords.Default;

    public (ZeroShotDetector Detector, string? Notice) Build(ParseResult parsed) => (Builder(parsed).Build(), Notice(parsed));

    /// <summary>What should be said beside every result of this choice.</summary>
    public string? Notice(ParseResult parsed)
    {
        string[] all = [.. WeightsNotice(parsed) is { } weights ? [weights] : Array.Empty<string>(), .. LoadedCalibration(parsed)?.Notices ?? []];
        return all.Length == 0 ? null : string.Join(" ", all);
    }

    private string? WeightsNotice(ParseResult parsed) => IsRandom(parsed) || IsJoinedRandom(parsed) ? RandomNotice
        : StandsIn(parsed) ? Method(parsed).Description is { NeedsBackbone: true } about
            ? $"The default model's vision tower stands in for the DINOv2 that {about.Name} is made for: published figures do not hold for it. Name one with "
                + "--weights (mfpclip models list)."
            : $"The default model's CNN stands in for the WideResNet-50 that {Method(parsed).Description.Name}'s published figures are of. Name one with --cnn "
                + "(mfpclip models list)."
        : Recipe(parsed) is { Modules: not null } ? null
        : IsDefault(parsed) && Method(parsed).Description.Id == DefaultMethod ? null
        : parsed.GetValue(_modules) is null && Method(parsed).Description is { IsTrained: true, ReadsCnn: false } method
            ? $"No trained modules were named (--modules): {method.Name}'s are untrained, so maps mean little."
        : parsed.GetValue(_modules) is null && Method(parsed).Description.IsTrained
            ? "No trained modules were named (--modules): the projections of MPFA are untrained, so maps mean little." : null;

    /// <summary>Whether I2TP and SP have a CNN to read.</summary>
    public bool HasCnn(ParseResult parsed) => HasCnn(parsed, Method(parsed)) || (IsDefault(parsed) && Method(parsed).Description.ReadsCnn);

    /// <summary>Whether a calibration was named.</summary>
    public bool HasCalibration(ParseResult parsed) => parsed.GetValue(_calibration) is not null;

    /// <summary>The trained modules that were named.</summary>
    public string? Modules(ParseResult parsed) => parsed.GetValue(_modules);

    /// <summary>The method that was requested.</summary>
    public RegisteredMethod Method(ParseResult parsed) =>
        DetectorRegistry.Default.FindMethod(Recipe(parsed) is { } recipe && !IsGiven(parsed, _method) ? recipe.Method : parsed.GetValue(_method)!);

    /// <summary>The composition, still open to changes.</summary>
    /// <param name="parsed">Arguments.</param>
    /// <param name="seed">Seed of the modules' initialization.</param>
    public ZeroShotDetectorBuilder Builder(ParseResult parsed, long seed = 0)
    {
        var method = Method(parsed);
        return parsed.GetValue(_cnn) is not null && !method.Description.ReadsCnn
            ? throw new DetectorConfigurationException([$"{method.Description.Name} reads no CNN; leave --cnn out."])
            : Builder(parsed, method, seed);
    }

    /// <summary>The same of another method.</summary>
    public ZeroShotDetectorBuilder Builder(ParseResult parsed, RegisteredMethod method, long seed)
    {
        Check(parsed, method);
        var recipe = Recipe(parsed);
        var builder = (recipe is null ? new ZeroShotDetectorBuilder() : ZeroShotDetectorBuilder.From(recipe)).UseDecoder(ImageFiles.Decoder);
        if (recipe is null || IsGiven(parsed, _device))
        {
            builder.UseDevice(parsed.GetValue(_device)!);
        }

        if (recipe is null || IsGiven(parsed, _precision))
        {
            builder.UsePrecision(Precisions.Parse(parsed.GetValue(_precision)!));
        }

        string? weights = Weights(parsed);
        bool bundled = IsDefault(parsed) || IsDefaultCnn(parsed, method.Description), cnn = HasCnn(parsed, method);
        builder = !bundled ? builder : weights is null or Bundled ? builder.UseDefaultModel(seed) : builder.UseDefaultModel(weights!, seed);
        if (recipe is null ? !bundled || method.Description.Id != DefaultMethod : method.Description.Id != recipe.Method)
        {
            builder.UseMethod(method.Create(seed)); // the bundled model brings MFP-CLIP's modules with it, trained on rendered images
        }

        if (recipe is null && method.Description is { ReadsCnn: true, RunsPipeline: true } && !cnn && !bundled)
        {
            builder.WithoutImageToTextPrompt().WithoutSelfPrompt();
        }

        AddNetworks(parsed, builder, method.Description, weights);
        if (parsed.GetValue(_modules) is { } modules)
        {
            builder.WithModuleWeights(modules);
        }

        if (parsed.GetValue(_size) is { } size)
        {
            builder.WithImageSize(size);
        }

        if (parsed.GetValue(_scales) is { Length: > 0 } scales)
        {
            builder.WithScales(scales);
        }

        if (parsed.GetValue(_without) is { Length: > 0 } without)
        {
            ModulesOff.Apply(builder, method.Description.Id, without);
        }

        builder = Look(parsed, Tile(parsed, Join(parsed, builder)));
        return LoadedCalibration(parsed) is { } calibration && parsed.GetValue(_references) is null ? builder.WithCalibration(calibration) : builder;
    }

    // What would be read and then not used.
    private void Check(ParseResult parsed, RegisteredMethod method)
    {
        var faults = new List<string>();
        faults.AddRange(NetworkFaults(parsed, method.Description));
        if (IsDefault(parsed) && parsed.GetValue(_cnn) is not null)
        {
            faults.Add("The default model has convolutional features of its own: leave --cnn out, or name the CLIP weights it belongs to with --weights.");
        }

        if (parsed.GetValue(_modules) is not null && !method.Description.IsTrained)
        {
            faults.Add($"{method.Description.Name} has no trained modules; leave --modules out.");
        }

        string[] without = parsed.GetValue(_without) ?? [];
        bool hasCnn = HasCnn(parsed, method) || IsDefault(parsed);
        if (method.Description.ReadsCnn && !hasCnn && Recipe(parsed) is null && without.FirstOrDefault(w => w is "i2tp" or "sp") is { } off)
        {
            faults.Add($"--without {off} has no effect: I2TP and SP read a CNN and are off without one (--cnn).");
        }

        if (faults.Count > 0)
        {
            throw new DetectorConfigurationException(faults);
        }
    }

    /// <summary>Whether trained modules come with what was chosen.</summary>
    public bool BringsModules(ParseResult parsed) =>
        (IsDefault(parsed) && Method(parsed).Description.Id == DefaultMethod) || Recipe(parsed) is { Modules: not null };

    private bool HasCnn(ParseResult parsed, RegisteredMethod method) =>
        method.Description.ReadsCnn && (parsed.GetValue(_cnn) is not null || IsRandom(parsed) || Recipe(parsed)?.Cnn is not null);

    // The small model: this program's own weights, or those of a folder that 'pretrain' filled.
    private bool IsDefault(ParseResult parsed) => Weights(parsed) is { } w && (w == Bundled || TinyModel.IsPretrained(w));

    private DetectorRecipe? Recipe(ParseResult parsed) => parsed.GetValue(_recipe) is not { } path ? null
        : _read is { } read && read.Path == path ? read.Recipe : (_read = (path, DetectorRecipe.Load(path))).Value.Recipe;

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    // The default model is MFP-CLIP: whoever names another method that reads text means something else. Methods that read none and train nothing take its
    // network where none was named. Modules that were named take the place of its own.
    private string? Weights(ParseResult parsed) => parsed.GetValue(_weights)
        ?? (_takesDefault && Recipe(parsed)?.Backbone is null && Method(parsed).Description is { NeedsBackbone: true } about
            && (about.Id == DefaultMethod || !about.NeedsText) ? Bundled : null);

    // The same of a method that runs on a CNN alone.
    private bool IsDefaultCnn(ParseResult parsed, MethodDescription method) => !method.NeedsBackbone && (parsed.GetValue(_cnn) is { } named ? named == Bundled
        : _takesDefault && Recipe(parsed)?.Cnn is null);

    // Whether the default model's network is read by a method that was published with another one.
    private bool StandsIn(ParseResult parsed) => Method(parsed).Description is { NeedsReferences: true } method
        && (method.NeedsBackbone ? IsDefault(parsed) : IsDefaultCnn(parsed, method));
}
