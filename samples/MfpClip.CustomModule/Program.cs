using MfpClip;
using MfpClip.Backbones.Clip;
using MfpClip.CustomModule;
using MfpClip.Data;
using MfpClip.Kernels;

// Swaps single modules of MFP-CLIP for own classes and compares. Pass a CLIP weight file as first argument; without one, random weights
// show the mechanics and mean nothing.
ZeroShotDetectorBuilder Compose()
{
    var builder = new ZeroShotDetectorBuilder().WithoutImageToTextPrompt().WithoutSelfPrompt();
    return args.Length > 0 ? builder.UseBackbone(args[0]) : builder.UseRandomBackbone(new ClipConfig
    {
        EmbedDim = 64,
        Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = 224, PatchSize = 14, Width = 128, Layers = 4, Heads = 2 },
        Text = new() { VocabSize = 49408, Width = 64, Layers = 2, Heads = 1 },
    });
}

var nut = ProceduralDataSet.Render("metal nut", seed: 12, DefectKind.Corrosion).Image;
using var without = Compose().WithoutMaskPrompt().Build();
using var with = Compose().UseMaskPrompt(_ => new ContrastMaskPrompt(0.5)).Build();
using var keys = Compose().WithoutMaskPrompt().UseVisionEncoder(_ => new KeyAttentionEncoder()).Build();

Console.WriteLine($"without mask prompt: {without.Detect(nut).Score:0.000}");
Console.WriteLine($"with the own one:    {with.Detect(nut).Score:0.000}");
Console.WriteLine($"with an own encoder: {keys.Detect(nut).Score:0.000}");
foreach (var stage in with.Description.Stages)
{
    Console.WriteLine($"  {stage.Stage}: {stage.Component}");
}
