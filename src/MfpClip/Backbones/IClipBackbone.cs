namespace MfpClip.Backbones;

/// <summary>A CLIP model: the frozen pair of towers that every method which reads class words is built on.</summary>
public interface IClipBackbone : IVisionBackbone
{
    /// <summary>Text tower.</summary>
    ITextTower Text { get; }

    /// <summary>Logit scale after <c>exp</c>; 100 in OpenAI's models.</summary>
    double LogitScale { get; }
}
