using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Native;

namespace MfpClip.Detection.Composing;

/// <summary>The CLIP model of a composition, with everything that goes with that choice, so that nothing of an earlier one is left.</summary>
internal abstract record BackboneChoice
{
    /// <summary>Where it computes; <see langword="null"/>: where the backbone that was given already is.</summary>
    public virtual bool ChoosesDevice => true;

    /// <summary>What shows to be wrong before anything is loaded.</summary>
    public virtual IEnumerable<string> Faults() => [];

    /// <summary>Loads it.</summary>
    /// <param name="configure">Device, precision, and what the method asks for, put into the options of the file.</param>
    public abstract IClipBackbone Load(Func<ClipBackboneOptions, ClipBackboneOptions> configure);

    /// <summary>The choice as a recipe has it.</summary>
    public abstract BackboneRecipe ToRecipe();

    /// <summary>Beside which file a tokenizer may lie.</summary>
    public virtual string? Path => null;

    /// <summary>A file, or a folder that holds one.</summary>
    public sealed record FromFile(string File, ClipBackboneOptions Options) : BackboneChoice
    {
        public override string Path => File;

        public override IEnumerable<string> Faults()
        {
            if (!System.IO.File.Exists(File) && !Directory.Exists(File))
            {
                yield return $"Backbone: there is no file or folder '{File}'.";
            }
        }

        public override IClipBackbone Load(Func<ClipBackboneOptions, ClipBackboneOptions> configure) => BackboneFile.Load(File, configure(Options));

        public override BackboneRecipe ToRecipe() => new()
        {
            Path = File, Config = Options.Config, Activation = Options.Activation,
            Interpolation = Options.Interpolation == new ClipBackboneOptions().Interpolation ? null : Options.Interpolation,
            Kernels = Options.Kernels == new ClipBackboneOptions().Kernels ? null : Options.Kernels,
        };
    }

    /// <summary>Random weights.</summary>
    public sealed record Random(ClipConfig Config, long Seed) : BackboneChoice
    {
        public override IClipBackbone Load(Func<ClipBackboneOptions, ClipBackboneOptions> configure) =>
            ClipBackbone.CreateRandom(Config, Seed, configure(new()));

        public override BackboneRecipe ToRecipe() => new() { RandomSeed = Seed, Config = Config };
    }

    /// <summary>The backbone of a model package.</summary>
    public sealed record FromPackage(ModelPackage Package) : BackboneChoice
    {
        public override IClipBackbone Load(Func<ClipBackboneOptions, ClipBackboneOptions> configure)
        {
            var options = configure(new());
            using var file = Package.OpenBackbone();
            return BackboneFile.Load(file, options, DeviceSelection.Resolve(options.Device, options.Precision));
        }

        public override BackboneRecipe ToRecipe() => new() { Package = Package.Name, Folder = Package.Folder };
    }

    /// <summary>A backbone that the user made.</summary>
    public sealed record Given(IClipBackbone Backbone) : BackboneChoice
    {
        public override bool ChoosesDevice => false;

        public override IClipBackbone Load(Func<ClipBackboneOptions, ClipBackboneOptions> configure) => Backbone;

        public override BackboneRecipe ToRecipe() => new() { Object = Backbone.GetType().FullName };
    }
}
