using MfpClip.References;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>What tests of the few-shot methods as whole detectors share.</summary>
internal static class FewShotGoldens
{
    /// <summary>AnomalyDINO where photos are resized here and references turned here, as its manifest says; 100 times that for L2.</summary>
    public const double MapTolerance = 2e-3, ScoreTolerance = 5e-4;

    /// <summary>AnomalyDINO's backbone.</summary>
    public static ZeroShotDetectorBuilder DinoBackbone()
    {
        string weights = Path.Combine(
            Goldens.Family("anomalydino"), Goldens.Manifest("anomalydino").GetProperty("weights").GetString()!.Split(' ')[0]);
        string model = Path.GetFileName(Path.GetDirectoryName(weights))!;
        int heads = Goldens.Manifest("dinov2").GetProperty("models").GetProperty(model).GetProperty("heads").GetInt32();
        return new ZeroShotDetectorBuilder().UseDinoBackbone(weights, new() { Heads = heads });
    }

    /// <summary>SubspaceAD's backbone.</summary>
    public static ZeroShotDetectorBuilder SubspaceBackbone() => new ZeroShotDetectorBuilder().UseBackbone(Path.Combine(
        Goldens.Family("subspacead"), Path.GetDirectoryName(Goldens.Manifest("subspacead").GetProperty("weights").GetString()!)!));

    /// <summary>What a detector makes of a recorded distance of an image.</summary>
    public static double Score(ReferenceScale scale, double raw)
    {
        using var scope = torch.NewDisposeScope();
        return scale.Scores(torch.tensor(new[] { (float)Math.Max(raw, 0) })).item<float>();
    }
}
