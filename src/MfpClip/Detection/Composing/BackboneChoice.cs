using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Dino;
using MfpClip.Native;

namespace MfpClip.Detection.Composing;

/// <summary>Device, precision and what the method asks for, put into the options of a file.</summary>
/// <param name="Clip">For a CLIP model.</param>
/// <param name="Dino">For a DINOv2 model.</param>
internal sealed record BackboneSetup(Func<ClipBackboneOptions, ClipBackboneOptions> Clip, Func<DinoBackboneOptions, DinoBackboneOptions> Dino);

/// <summary>The backbone of a composition, with everything that goes with that choice, so that nothing of an earlier one is left.</summary>
internal abstract record BackboneChoice
{
    /// <summary>Where it computes; <see langword="null"/>: where the backbone that was given already is.</summary>
    public virtual bool ChoosesDevice => true;

    /// <summary>What shows to be wrong before anything is loaded.</summary>
    public virtual IEnumerable<string> Faults() => [];

    /// <summary>Loads it.</summary>
    public abstract IVisionBackbone Load(BackboneSetup setup);

    /// <summary>The choice as a recipe has it.</summary>
    public abstract BackboneRecipe ToRecipe();

    /// <summary>Beside which file a tokenizer may lie.</summary>
    public virtual string? Path => null;

    /// <summary>What messages call it.</summary>
    public abstract string Name { get; }

    /// <summary>A file, or a folder that holds one; <paramref name="Dino"/> where it was said to hold a DINOv2 model.</summary>
    public sealed record FromFile(string File, ClipBackboneOptions Options, DinoBackboneOptions? Dino = null) : BackboneChoice
    {
        private static readonly ClipBackboneOptions Usual = new();

        public override string Path => File;

        public override string Name => File;

        public override IEnumerable<string> Faults()
        {
            if (!System.IO.File.Exists(File) && !Directory.Exists(File))
            {
                yield return $"Backbone: there is no file or folder '{File}'.";
            }
        }

        public override IVisionBackbone Load(BackboneSetup setup)
        {
            var clip = setup.Clip(Options);
            var dino = setup.Dino(Dino ?? new()
            {
                Interpolation = Options.Interpolation == Usual.Interpolation ? null : Options.Interpolation, Kernels = Options.Kernels,
            });
            return BackboneSource.OfFile(File, clip, dino) is { } source ? SharedBackbones.Get(source with { IsDino = Dino is not null }, Load) : Load();

            IVisionBackbone Load() => Dino is null ? BackboneFile.Load(File, clip, dino) : DinoBackbone.Load(File, dino);
        }

        public override BackboneRecipe ToRecipe() => new()
        {
            Path = File, Config = Options.Config, Activation = Options.Activation, Heads = Dino?.Heads,
            Interpolation = Dino is not null ? Dino.Interpolation : Options.Interpolation == Usual.Interpolation ? null : Options.Interpolation,
            Kernels = (Dino?.Kernels ?? Options.Kernels) is var kernels && kernels == Usual.Kernels ? null : kernels,
        };
    }

    /// <summary>Random weights of a CLIP model.</summary>
    public sealed record Random(ClipConfig Config, long Seed) : BackboneChoice
    {
        public override string Name => "random weights";

        public override IVisionBackbone Load(BackboneSetup setup) => ClipBackbone.CreateRandom(Config, Seed, setup.Clip(new()));

        public override BackboneRecipe ToRecipe() => new() { RandomSeed = Seed, Config = Config };
    }

    /// <summary>Random weights of a DINOv2 model.</summary>
    public sealed record RandomDino(DinoConfig Config, long Seed) : BackboneChoice
    {
        public override string Name => "random weights";

        public override IEnumerable<string> Faults() => Config.Faults();

        public override IVisionBackbone Load(BackboneSetup setup) => DinoBackbone.CreateRandom(Config, Seed, setup.Dino(new()));

        public override BackboneRecipe ToRecipe() => new() { RandomSeed = Seed, Dino = Config };
    }

    /// <summary>The backbone of a model package.</summary>
    public sealed record FromPackage(ModelPackage Package) : BackboneChoice
    {
        public override string Name => Package.Name;

        public override IVisionBackbone Load(BackboneSetup setup)
        {
            var options = setup.Clip(new());
            return SharedBackbones.Get(new(Package.Name, Package.OpenBackbone, options, null), () =>
            {
                using var file = Package.OpenBackbone();
                return BackboneFile.Load(file, options, DeviceSelection.Resolve(options.Device, options.Precision));
            });
        }

        public override BackboneRecipe ToRecipe() => new() { Package = Package.Name, Folder = Package.Folder };
    }

    /// <summary>A backbone that the user made.</summary>
    public sealed record Given(IVisionBackbone Backbone) : BackboneChoice
    {
        public override bool ChoosesDevice => false;

        public override string Name => Backbone.GetType().Name;

        public override IVisionBackbone Load(BackboneSetup setup) => Backbone;

        public override BackboneRecipe ToRecipe() => new() { Object = Backbone.GetType().FullName };
    }
}
